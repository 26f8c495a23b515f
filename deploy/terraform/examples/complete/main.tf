locals {
  tags = {
    Example = var.name
  }

  azs = slice(data.aws_availability_zones.available.names, 0, 2)
}

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:Only the first two names are used, in alphabetical order
  state = "available"
}

################################################################################
# Foretide
################################################################################

module "foretide" {
  source = "../.."

  name      = "${var.name}-monitor"
  subnet_id = aws_subnet.this[0].id

  package_url    = var.package_url
  package_sha256 = var.package_sha256

  # Observe first: Foretide decides, records and explains, and never sets desired capacity. Once
  # `foretide report` convinces you, write "enforce" and apply again.
  configuration = <<-EOT
    [group.${var.name}]
    mode = "observe"
  EOT

  group_names   = [var.name]
  alarm_actions = var.alarm_actions
  tags          = local.tags
}

################################################################################
# Workload: launch template, group, load balancer, target group
################################################################################

data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_launch_template" "workload" {
  name                   = var.name
  image_id               = nonsensitive(data.aws_ssm_parameter.ami.value)
  instance_type          = "t3.small"
  vpc_security_group_ids = [aws_security_group.workload.id]
  update_default_version = true
  user_data              = filebase64("${path.module}/workload.sh")
  tags                   = local.tags

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # Detailed monitoring: CPU once a minute instead of once in five.
  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = merge(local.tags, { Name = var.name })
  }
}

resource "aws_autoscaling_group" "workload" {
  name                      = var.name
  min_size                  = 1
  max_size                  = 5
  desired_capacity          = 2
  vpc_zone_identifier       = aws_subnet.this[*].id
  target_group_arns         = [aws_lb_target_group.this.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 120

  launch_template {
    id      = aws_launch_template.workload.id
    version = aws_launch_template.workload.latest_version
  }

  # Lets the role scale this group where the module gets no `group_names`.
  tag {
    key                 = "foretide"
    value               = "scale"
    propagate_at_launch = false
  }

  tag {
    key                 = "Name"
    value               = var.name
    propagate_at_launch = false
  }

  # Foretide sets it. Without this line every apply would set it back.
  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:Access logs need a bucket of the reader
  #checkov:skip=CKV_AWS_150:An example must be possible to destroy
  #checkov:skip=CKV2_AWS_28:A web application firewall is not what this example shows
  #checkov:skip=CKV2_AWS_20:There is no certificate without a domain, so nothing to redirect to
  name                       = var.name
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.load_balancer.id]
  subnets                    = aws_subnet.this[*].id
  drop_invalid_header_fields = true
  tags                       = local.tags
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:The instances speak HTTP inside the VPC, as in the original's set-up
  name                 = var.name
  port                 = 80
  protocol             = "HTTP"
  vpc_id               = aws_vpc.this.id
  deregistration_delay = 60
  tags                 = local.tags

  health_check {
    path                = "/health"
    interval            = 15
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "this" {
  #checkov:skip=CKV_AWS_2:There is no certificate without a domain; the original's set-up is HTTP
  #checkov:skip=CKV_AWS_103:There is no certificate without a domain; the original's set-up is HTTP
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

################################################################################
# Network
################################################################################

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:Flow logs are not what this example shows
  #checkov:skip=CKV2_AWS_12:Nothing here uses the default security group
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = merge(local.tags, { Name = var.name })
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { Name = var.name })
}

# Public subnets without a NAT gateway, to keep the example cheap: nothing comes in but what the
# security groups let in. In production, use private subnets with a NAT gateway or VPC endpoints.
resource "aws_subnet" "this" {
  #checkov:skip=CKV_AWS_130:See the comment above
  count = 2

  vpc_id                  = aws_vpc.this.id
  availability_zone       = local.azs[count.index]
  cidr_block              = cidrsubnet(aws_vpc.this.cidr_block, 8, count.index)
  map_public_ip_on_launch = true
  tags                    = merge(local.tags, { Name = "${var.name}-${count.index}" })
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { Name = var.name })
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  count = 2

  subnet_id      = aws_subnet.this[count.index].id
  route_table_id = aws_route_table.this.id
}

resource "aws_security_group" "load_balancer" {
  #checkov:skip=CKV_AWS_260:The load balancer is public, as in the original's set-up
  #checkov:skip=CKV2_AWS_5:It is attached to the load balancer
  name        = "${var.name}-load-balancer"
  description = "HTTP from everywhere to the load balancer"
  vpc_id      = aws_vpc.this.id
  tags        = local.tags
}

resource "aws_security_group" "workload" {
  #checkov:skip=CKV2_AWS_5:It is attached by the launch template
  name        = "${var.name}-workload"
  description = "HTTP from the load balancer to the workload"
  vpc_id      = aws_vpc.this.id
  tags        = local.tags
}

resource "aws_security_group_rule" "from_everywhere" {
  #checkov:skip=CKV_AWS_260:The load balancer is public, as in the original's set-up
  description       = "HTTP from everywhere"
  security_group_id = aws_security_group.load_balancer.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group_rule" "to_workload" {
  description              = "Requests and health checks"
  security_group_id        = aws_security_group.load_balancer.id
  type                     = "egress"
  protocol                 = "tcp"
  from_port                = 80
  to_port                  = 80
  source_security_group_id = aws_security_group.workload.id
}

resource "aws_security_group_rule" "from_load_balancer" {
  description              = "Requests and health checks"
  security_group_id        = aws_security_group.workload.id
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 80
  to_port                  = 80
  source_security_group_id = aws_security_group.load_balancer.id
}
