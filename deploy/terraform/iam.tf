################################################################################
# What Foretide calls: docs/iam.json, of which iam.json is the same text
################################################################################

locals {
  iam = jsondecode(replace(file("${path.module}/iam.json"), "arn:aws:", "arn:${local.partition}:"))

  named_groups = [
    for name in var.group_names :
    "arn:${local.partition}:autoscaling:${local.region}:${local.account_id}:autoScalingGroup:*:autoScalingGroupName/${name}"
  ]

  # Every statement as it is, but for the one that writes: it can be left out, or name the groups
  # instead of their tag.
  foretide_statements = [
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

resource "aws_iam_role_policy" "foretide" {
  #checkov:skip=CKV_AWS_290:The statements are those of docs/iam.json, each with its reason in docs/iam.md
  #checkov:skip=CKV_AWS_355:Reading supports no resource-level permissions (docs/iam.md)
  name = "foretide"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = local.iam.Version
    Statement = local.foretide_statements
  })
}

################################################################################
# What the monitor's machine needs: its store, its configuration, its log
################################################################################

locals {
  secret_parameter_arns = [
    for name in compact([var.webhook_url_parameter, var.page_token_parameter]) :
    "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter${name}"
  ]

  instance_arns = "arn:${local.partition}:ec2:${local.region}:${local.account_id}:instance/*"

  monitor_statements = concat(
    [
      {
        Sid      = "AttachStore"
        Effect   = "Allow"
        Action   = ["ec2:AttachVolume"]
        Resource = [aws_ebs_volume.store.arn, local.instance_arns]
        Condition = {
          StringEquals = { "aws:ResourceTag/foretide:monitor" = var.name }
        }
      },
      {
        Sid      = "ReadConfiguration"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = concat(["${local.parameter_prefix_arn}/*"], local.secret_parameter_arns)
      },
      {
        Sid      = "MarkStore"
        Effect   = "Allow"
        Action   = ["ssm:PutParameter"]
        Resource = [aws_ssm_parameter.store.arn]
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [local.log_group_arn, "${local.log_group_arn}:*"]
      },
      {
        Sid      = "NeverOwnGroup"
        Effect   = "Deny"
        Action   = ["autoscaling:SetDesiredCapacity"]
        Resource = ["arn:${local.partition}:autoscaling:${local.region}:${local.account_id}:autoScalingGroup:*:autoScalingGroupName/${var.name}"]
      },
    ],
    [
      for arns in [var.assume_role_arns] : {
        Sid      = "AssumeGroupRoles"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole"]
        Resource = arns
      } if length(arns) > 0
    ],
    [
      for key in compact([var.kms_key_arn]) : {
        Sid      = "UseKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"]
        Resource = [key]
      }
    ],
    [
      for key in compact([var.kms_key_arn]) : {
        Sid      = "GrantKeyToVolume"
        Effect   = "Allow"
        Action   = ["kms:CreateGrant"]
        Resource = [key]
        Condition = {
          Bool = { "kms:GrantIsForAWSResource" = "true" }
        }
      }
    ],
    [
      for object in compact([trimprefix(var.package_url, "s3://")]) : {
        Sid      = "ReadPackage"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["arn:${local.partition}:s3:::${object}"]
      } if startswith(var.package_url, "s3://")
    ],
    [
      for sid in ["SessionManager"] : {
        Sid    = sid
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = ["*"]
      } if var.session_manager
    ],
  )
}

resource "aws_iam_role_policy" "monitor" {
  #checkov:skip=CKV_AWS_355:The actions of Session Manager support no resource-level permissions
  #checkov:skip=CKV_AWS_290:The actions of Session Manager support no resource-level permissions
  name = "monitor"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.monitor_statements
  })
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Monitor of Foretide"
  permissions_boundary = var.permissions_boundary
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Instance"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
    }]
  })
}

resource "aws_iam_instance_profile" "this" {
  name = var.name
  role = aws_iam_role.this.name
}
