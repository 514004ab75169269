"""Drawing library."""
