"""QuickBooks Online: accounting in the cloud, one company a token."""
