"""Steps, the graph that they make, and how it is computed: cached, in processes, whatever a study is about."""

from interlingua.flow.cache import Cache, Policy, cache_root
from interlingua.flow.graph import Graph, Node, Source
from interlingua.flow.outputs import Arrays, Output
from interlingua.flow.step import Read, Step

__all__ = ["Arrays", "Cache", "Graph", "Node", "Output", "Policy", "Read", "Source", "Step", "cache_root"]
