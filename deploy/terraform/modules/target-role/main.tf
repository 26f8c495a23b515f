data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition

  iam = jsondecode(replace(file("${path.module}/../../iam.json"), "arn:aws:", "arn:${local.partition}:"))

  named_groups = [
    for name in var.group_names :
    "arn:${local.partition}:autoscaling:*:${data.aws_caller_identity.current.account_id}:autoScalingGroup:*:autoScalingGroupName/${name}"
  ]

  statements = [
    for statement in local.iam.Statement : {
      for key, value in merge(statement, {
        Resource = [
          statement.Resource, local.named_groups
        ][statement.Sid == "ScaleTaggedGroups" && length(var.group_names) > 0 ? 1 : 0]
      }) : key => value
      if !(key == "Condition" && statement.Sid == "ScaleTaggedGroups" && length(var.group_names) > 0)
    }
    if var.allow_scaling || statement.Sid != "ScaleTaggedGroups"
  ]
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Lets Foretide of another account look after groups of this one"
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Monitor"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.monitor_role_arn }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  #checkov:skip=CKV_AWS_290:The statements are those of docs/iam.json, each with its reason in docs/iam.md
  #checkov:skip=CKV_AWS_355:Reading supports no resource-level permissions (docs/iam.md)
  name = "foretide"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = local.iam.Version
    Statement = local.statements
  })
}
