"""Elasticsearch and OpenSearch: logs are read, nothing else."""

from integrations.elasticsearch.integration import Elasticsearch

__all__ = ["Elasticsearch"]
