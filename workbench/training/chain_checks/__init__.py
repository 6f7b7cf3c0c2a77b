"""What `training.chain_check` asks of a chain, one question a module."""
