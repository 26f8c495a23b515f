variable "region" {
  description = "Region of everything"
  type        = string
  default     = "eu-west-1"
}

variable "name" {
  description = "Name of the workload"
  type        = string
  default     = "asg-prod"
}

variable "package_url" {
  description = "Where Foretide's package is"
  type        = string
}

variable "package_sha256" {
  description = "SHA-256 of the package"
  type        = string
}

variable "alarm_actions" {
  description = "ARNs that an alarm of the monitor notifies, such as an SNS topic"
  type        = list(string)
  default     = []
}
