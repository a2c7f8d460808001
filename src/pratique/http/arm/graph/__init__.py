"""Graph: applications, service principals and users, as far as `az ad` asks for them."""
