data "aws_partition" "current" {}

data "aws_subnet" "this" {
  id = var.subnet_id
}

data "aws_ssm_parameter" "ami" {
  count = var.ami_id == null ? 1 : 0

  name = var.ami_ssm_parameter
}

locals {
  partition = data.aws_partition.current.partition
  # From the subnet: the name of the data source's attribute differs between provider 3 and 6.
  region     = split(":", data.aws_subnet.this.arn)[3]
  account_id = split(":", data.aws_subnet.this.arn)[4]

  parameter_prefix     = "/foretide/${var.name}"
  parameter_prefix_arn = "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter${local.parameter_prefix}"

  # On instance and volume, so that the role can attach this volume to this monitor and nothing else.
  monitor_tag = { "foretide:monitor" = var.name }
  tags        = merge({ Name = var.name }, var.tags)

  security_group_ids = concat(aws_security_group.this[*].id, var.security_group_ids)
}

################################################################################
# Monitor: a group of one
################################################################################

resource "aws_autoscaling_group" "this" {
  name                = var.name
  min_size            = 1
  max_size            = 1
  desired_capacity    = 1
  vpc_zone_identifier = [data.aws_subnet.this.id]
  health_check_type   = "EC2"
  enabled_metrics     = ["GroupInServiceInstances"]

  # Rebalancing launches before it terminates. The store's volume is in one zone, so it never applies;
  # it is suspended so that no later change of the subnets can start it.
  suspended_processes = ["AZRebalance"]

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # Terminates the old instance, then launches the new one: two monitors never run.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 0
    }
  }

  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false
    }
  }

  lifecycle {
    precondition {
      condition     = !can(regex("group\\.[\"']?${replace(var.name, ".", "\\.")}[\"']?[^A-Za-z0-9_-]", var.configuration))
      error_message = "The configuration has a table of the monitor's own group. The monitor never manages its own group."
    }
  }

  # An instance that starts before its permissions and parameters exist would only wait and retry.
  depends_on = [
    aws_iam_role_policy.foretide,
    aws_iam_role_policy.monitor,
    aws_ssm_parameter.current,
    aws_ssm_parameter.store,
    aws_cloudwatch_log_group.this,
  ]
}

resource "aws_launch_template" "this" {
  name                   = var.name
  description            = "Monitor of Foretide"
  image_id               = var.ami_id != null ? var.ami_id : nonsensitive(data.aws_ssm_parameter.ami[0].value)
  instance_type          = var.instance_type
  vpc_security_group_ids = local.security_group_ids
  update_default_version = true
  user_data              = base64encode(local.user_data)
  tags                   = local.tags

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  # No container runs here, so one hop is enough; and without IMDSv1 a request that a server was
  # tricked into cannot read credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = var.root_device_name

    ebs {
      volume_type           = "gp3"
      volume_size           = var.root_volume_size
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags          = merge(local.tags, local.monitor_tag)
  }

  tag_specifications {
    resource_type = "volume"
    tags          = local.tags
  }
}

locals {
  settings = {
    REGION            = local.region
    VOLUME_ID         = aws_ebs_volume.store.id
    PARAMETERS        = local.parameter_prefix
    PACKAGE_URL       = var.package_url
    PACKAGE_SHA256    = var.package_sha256
    PREDICTOR         = tostring(var.predictor)
    WEBHOOK_PARAMETER = var.webhook_url_parameter == null ? "" : var.webhook_url_parameter
    TOKEN_PARAMETER   = var.page_token_parameter == null ? "" : var.page_token_parameter
    LOG_GROUP         = aws_cloudwatch_log_group.this.name
  }

  user_data = join("\n", concat(
    ["#!/bin/bash", "install -d -m 0755 /etc/foretide", "cat > /etc/foretide/setup.env <<'END'"],
    [for key, value in local.settings : "${key}='${value}'"],
    ["END", file("${path.module}/files/user-data.sh")],
  ))
}

################################################################################
# Store
################################################################################

# A volume can be attached to one instance at a time. The attach is the lock of the store.
resource "aws_ebs_volume" "store" {
  availability_zone = data.aws_subnet.this.availability_zone
  type              = "gp3"
  size              = var.volume_size
  snapshot_id       = var.volume_snapshot_id
  encrypted         = true
  kms_key_id        = var.kms_key_arn
  tags              = merge(local.tags, local.monitor_tag)
}

# Which volume holds the store. The monitor writes it at its first start; while it names another
# volume, the monitor only observes.
resource "aws_ssm_parameter" "store" {
  #checkov:skip=CKV2_AWS_34:The identifier of a volume is no secret
  #checkov:skip=CKV_AWS_337:The identifier of a volume is no secret
  name        = "${local.parameter_prefix}/store"
  description = "Volume that holds the store of this monitor"
  type        = "String"
  value       = "none"
  tags        = local.tags

  lifecycle {
    ignore_changes = [value]
  }
}

################################################################################
# Configuration
################################################################################

locals {
  # A number made from the content: another content is another version.
  configuration_version = tostring(parseint(substr(sha256(var.configuration), 0, 12), 16))
}

# Version first, pointer second: readers follow the pointer, so an apply that dies in between changes
# nothing for them. The old version goes last.
resource "aws_ssm_parameter" "configuration" {
  #checkov:skip=CKV2_AWS_34:The configuration holds no secret; secure_configuration encrypts it all the same
  #checkov:skip=CKV_AWS_337:Without a customer key the key aws/ssm encrypts a SecureString; kms_key_arn sets one
  count = var.manage_configuration ? 1 : 0

  name        = "${local.parameter_prefix}/v/${local.configuration_version}/config"
  description = "foretide.toml of this version"
  type        = var.secure_configuration ? "SecureString" : "String"
  tier        = length(var.configuration) > 4000 ? "Advanced" : "Standard"
  key_id      = var.secure_configuration ? var.kms_key_arn : null
  value       = var.configuration
  tags        = local.tags

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = trimspace(var.configuration) != ""
      error_message = "Set `configuration`, or `manage_configuration = false`."
    }
  }
}

resource "aws_ssm_parameter" "current" {
  #checkov:skip=CKV2_AWS_34:The number of a version is no secret
  #checkov:skip=CKV_AWS_337:The number of a version is no secret
  count = var.manage_configuration ? 1 : 0

  name        = "${local.parameter_prefix}/current"
  description = "Version of the configuration in use"
  type        = "String"
  value       = local.configuration_version
  tags        = local.tags

  depends_on = [aws_ssm_parameter.configuration]
}

################################################################################
# Network
################################################################################

resource "aws_security_group" "this" {
  count = var.create_security_group ? 1 : 0

  name        = var.name
  description = "Monitor of Foretide: nothing comes in, HTTPS goes out"
  vpc_id      = data.aws_subnet.this.vpc_id
  tags        = local.tags

  egress {
    description = "AWS APIs, package, webhook"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = var.egress_cidr_blocks
  }
}
