"""Half a year of the demo's company: planned from a seed, written, and added up."""
