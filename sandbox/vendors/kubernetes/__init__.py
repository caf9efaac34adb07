"""A Kubernetes cluster on loopback: its API server, its controllers, its nodes. `kubectl` works against it."""

from sandbox.vendors.kubernetes.cluster import Cluster
from sandbox.vendors.kubernetes.images import Image
from sandbox.vendors.kubernetes.server import KubernetesSystem

__all__ = ["Cluster", "Image", "KubernetesSystem"]
