output "iam_role_arn" {
  description = "ARN of the monitor's role. Roles of other accounts trust it"
  value       = aws_iam_role.this.arn
}

output "iam_role_name" {
  description = "Name of the monitor's role"
  value       = aws_iam_role.this.name
}

output "iam_instance_profile_arn" {
  description = "ARN of the instance profile"
  value       = aws_iam_instance_profile.this.arn
}

output "foretide_policy" {
  description = "What Foretide itself may call, as JSON"
  value       = aws_iam_role_policy.foretide.policy
}

output "autoscaling_group_name" {
  description = "Name of the monitor's own Auto Scaling group"
  value       = aws_autoscaling_group.this.name
}

output "launch_template_id" {
  description = "ID of the launch template"
  value       = aws_launch_template.this.id
}

output "security_group_id" {
  description = "ID of the created security group, or null"
  value       = one(aws_security_group.this[*].id)
}

output "volume_id" {
  description = "ID of the volume that holds the store"
  value       = aws_ebs_volume.store.id
}

output "parameter_prefix" {
  description = "Prefix of the monitor's parameters: `PREFIX/current`, `PREFIX/v/N/config`, `PREFIX/store`"
  value       = local.parameter_prefix
}

output "configuration_version" {
  description = "Version of the configuration that `PREFIX/current` points to, or null if the module does not manage it"
  value       = var.manage_configuration ? local.configuration_version : null
}

output "log_group_name" {
  description = "Name of the log group"
  value       = aws_cloudwatch_log_group.this.name
}

output "alarm_arns" {
  description = "ARNs of the alarms, by name"
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}
