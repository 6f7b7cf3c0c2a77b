"""What a model looks at: heat maps."""
