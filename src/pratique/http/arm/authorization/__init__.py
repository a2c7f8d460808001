"""Microsoft.Authorization: role assignments, role definitions, deny assignments, permissions."""
