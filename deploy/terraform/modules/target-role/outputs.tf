output "iam_role_arn" {
  description = "ARN of the role: `role_arn` of the group in the configuration"
  value       = aws_iam_role.this.arn
}

output "foretide_policy" {
  description = "What the role may do, as JSON"
  value       = aws_iam_role_policy.this.policy
}
