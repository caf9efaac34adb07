"""Kubernetes: what happened to the services there, and steps of runbooks that repair them."""

from integrations.kubernetes.integration import Kubernetes

__all__ = ["Kubernetes"]
