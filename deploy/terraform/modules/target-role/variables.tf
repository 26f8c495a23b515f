variable "name" {
  description = "Name of the role"
  type        = string
  default     = "foretide"
}

variable "monitor_role_arn" {
  description = "ARN of the monitor's role in the other account (output `iam_role_arn` of the module)"
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.monitor_role_arn))
    error_message = "Only the monitor's own role is trusted: give the ARN of a role, not of an account."
  }
}

variable "allow_scaling" {
  description = "Whether the role may set desired capacity. If false, it can only read"
  type        = bool
  default     = true
}

variable "group_names" {
  description = "Names of the groups that may be scaled. If empty: all groups with the tag `foretide = scale`"
  type        = list(string)
  default     = []
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the role"
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role"
  type        = map(string)
  default     = {}
}
