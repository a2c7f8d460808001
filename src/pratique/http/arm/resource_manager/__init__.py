"""Microsoft.Resources: tenants, subscriptions, resource groups, and resources of any kind."""
