output "load_balancer_dns_name" {
  description = "Address of the workload: http://NAME/health answers"
  value       = aws_lb.this.dns_name
}

output "workload_group_name" {
  description = "Name of the group that Foretide looks after"
  value       = aws_autoscaling_group.workload.name
}

output "monitor_group_name" {
  description = "Name of the monitor's own group"
  value       = module.foretide.autoscaling_group_name
}

output "monitor_volume_id" {
  description = "Volume of the monitor's store"
  value       = module.foretide.volume_id
}

output "foretide_policy" {
  description = "What Foretide itself may call, as JSON"
  value       = module.foretide.foretide_policy
}

output "parameter_prefix" {
  description = "Prefix of the monitor's parameters"
  value       = module.foretide.parameter_prefix
}

output "log_group_name" {
  description = "Log group of the monitor"
  value       = module.foretide.log_group_name
}
