variable "name" {
  description = "Name of the monitor: its Auto Scaling group, role, volume, log group and parameters. Two monitors in one account need two names"
  type        = string
  default     = "foretide"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,37}$", var.name))
    error_message = "The name has 1 to 38 letters, digits, '_', '.' and '-', and begins with a letter or digit."
  }
}

variable "tags" {
  description = "Tags of every resource. They are not propagated by the Auto Scaling group; instances get them from the launch template"
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : key != "foretide" && !startswith(key, "foretide:")])
    error_message = "Tags 'foretide' and 'foretide:…' hand a group to Foretide. The monitor never manages its own group."
  }
}

################################################################################
# Where it runs
################################################################################

variable "subnet_id" {
  description = "Subnet of the monitor. It needs a way to the AWS APIs: a NAT gateway, VPC endpoints, or public addresses"
  type        = string
}

variable "create_security_group" {
  description = "Whether to create a security group without ingress and with HTTPS egress"
  type        = bool
  default     = true
}

variable "security_group_ids" {
  description = "Further security groups of the monitor"
  type        = list(string)
  default     = []
}

variable "egress_cidr_blocks" {
  description = "Networks that the created security group may reach by HTTPS. Narrow it where all AWS APIs are VPC endpoints"
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "instance_type" {
  description = "Type of the monitor's instance. It must be a Nitro type: the store's volume is found by its NVMe serial number"
  type        = string
  default     = "t3.small"
}

variable "ami_id" {
  description = "Image of the monitor, with systemd 250 or newer, the AWS CLI and curl. If null, `ami_ssm_parameter` names it"
  type        = string
  default     = null
}

variable "ami_ssm_parameter" {
  description = "Public SSM parameter that names the image, if `ami_id` is null"
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

variable "root_device_name" {
  description = "Root device of the image"
  type        = string
  default     = "/dev/xvda"
}

variable "root_volume_size" {
  description = "Size of the root volume in GiB, at least that of the image"
  type        = number
  default     = 8
}

################################################################################
# What it runs
################################################################################

variable "package_url" {
  description = "Where the package is: `https://….rpm`, `https://….deb`, or `s3://BUCKET/KEY` of one of these"
  type        = string

  validation {
    condition     = can(regex("^(https|s3)://[A-Za-z0-9./_~%:+-]+\\.(deb|rpm)$", var.package_url))
    error_message = "The package is an https:// or s3:// address that ends in .deb or .rpm."
  }
}

variable "package_sha256" {
  description = "SHA-256 of the package, as sixty-four hexadecimal digits. A package with another sum is not installed"
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "The sum has sixty-four hexadecimal digits, in small letters."
  }
}

variable "predictor" {
  description = "Whether `ml-predictor.service` runs beside the scaler, and policy `classifier` asks it: the two processes of the original"
  type        = bool
  default     = false
}

variable "configuration" {
  description = "Content of foretide.toml. No secret belongs here: see `webhook_url_parameter` and `page_token_parameter`"
  type        = string
  default     = ""

  validation {
    condition     = length(var.configuration) <= 7900
    error_message = "A parameter of the Parameter Store holds 8 KiB. Keep the configuration below 7900 characters."
  }
}

variable "manage_configuration" {
  description = "Whether the module writes the configuration's parameters. If false, something else writes `PREFIX/v/N/config` and then `PREFIX/current`"
  type        = bool
  default     = true
}

variable "secure_configuration" {
  description = "Whether the configuration's parameter is a SecureString"
  type        = bool
  default     = false
}

variable "webhook_url_parameter" {
  description = "Name of an existing SecureString parameter that holds the address of the notification webhook. The module never reads its value"
  type        = string
  default     = null

  validation {
    condition     = var.webhook_url_parameter == null || can(regex("^/[A-Za-z0-9_./-]+$", var.webhook_url_parameter))
    error_message = "The parameter's name begins with '/'."
  }
}

variable "page_token_parameter" {
  description = "Name of an existing SecureString parameter that holds the bearer token of page and API. Needed for operator's orders (pause, pin, mode)"
  type        = string
  default     = null

  validation {
    condition     = var.page_token_parameter == null || can(regex("^/[A-Za-z0-9_./-]+$", var.page_token_parameter))
    error_message = "The parameter's name begins with '/'."
  }
}

################################################################################
# The store
################################################################################

variable "volume_size" {
  description = "Size of the store's volume in GiB. It can grow later: the next boot grows the file system"
  type        = number
  default     = 10
}

variable "volume_snapshot_id" {
  description = "Snapshot to make the store's volume from, to restore it"
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "Customer key of the store's volume, of a SecureString configuration and of the secrets. If null, the keys `aws/ebs` and `aws/ssm` are used"
  type        = string
  default     = null
}

################################################################################
# Permissions
################################################################################

variable "allow_scaling" {
  description = "Whether the role may set desired capacity. If false, the role can only read, whatever mode the configuration says"
  type        = bool
  default     = true
}

variable "group_names" {
  description = "Names of the groups that may be scaled, in the monitor's account and region. If empty: all groups with the tag `foretide = scale`"
  type        = list(string)
  default     = []
}

variable "assume_role_arns" {
  description = "Roles that the monitor may assume, for groups of other accounts (`role_arn` in the configuration)"
  type        = list(string)
  default     = []
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the role"
  type        = string
  default     = null
}

variable "session_manager" {
  description = "Whether operators can reach the monitor by Session Manager: a shell, and the page through a forwarded port"
  type        = bool
  default     = true
}

################################################################################
# Logs and alarms
################################################################################

variable "log_retention_in_days" {
  description = "Days for which the log group keeps lines"
  type        = number
  default     = 365
}

variable "log_kms_key_arn" {
  description = "Customer key of the log group. Its policy must allow CloudWatch Logs"
  type        = string
  default     = null
}

variable "create_alarms" {
  description = "Whether to create the alarms"
  type        = bool
  default     = true
}

variable "alarm_actions" {
  description = "ARNs that an alarm notifies when it begins and when it ends, such as an SNS topic"
  type        = list(string)
  default     = []
}
