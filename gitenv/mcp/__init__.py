"""What a coding agent gets, over the Model Context Protocol. The package `mcp` is loaded here and nowhere else."""
