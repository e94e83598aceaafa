"""What administrators configure: tenants, applications, providers, keys, lambdas; and the copies that logins use."""
