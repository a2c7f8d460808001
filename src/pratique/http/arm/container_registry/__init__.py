"""Microsoft.ContainerRegistry: the registry, its admin user, its tokens and scope maps."""
