"""Xero: accounting in the cloud, whose tokens may reach several organisations."""
