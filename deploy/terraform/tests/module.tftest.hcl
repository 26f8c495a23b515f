# The module with a mocked provider: what is planned, what is refused. No account, no local AWS.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition  = "aws"
      dns_suffix = "amazonaws.com"
    }
  }

  mock_data "aws_subnet" {
    defaults = {
      id                = "subnet-0123456789abcdef0"
      arn               = "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-0123456789abcdef0"
      availability_zone = "eu-west-1a"
      vpc_id            = "vpc-0123456789abcdef0"
    }
  }

  mock_data "aws_ssm_parameter" {
    defaults = {
      value = "ami-0123456789abcdef0"
    }
  }

  mock_resource "aws_ebs_volume" {
    defaults = {
      id  = "vol-0123456789abcdef0"
      arn = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-0123456789abcdef0"
    }
  }

  mock_resource "aws_ssm_parameter" {
    defaults = {
      arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/foretide/foretide/store"
    }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = {
      arn = "arn:aws:iam::123456789012:instance-profile/foretide"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/foretide"
    }
  }

  mock_resource "aws_launch_template" {
    defaults = {
      id             = "lt-0123456789abcdef0"
      latest_version = 1
    }
  }
}

variables {
  subnet_id      = "subnet-0123456789abcdef0"
  package_url    = "https://packages.example/foretide_0.1.0_amd64.rpm"
  package_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  configuration  = "[group.web]\nmode = \"observe\"\n"
}

run "foretide_may_do_what_iam_json_says" {
  assert {
    condition     = jsondecode(output.foretide_policy).Version == jsondecode(file("../../docs/iam.json")).Version
    error_message = "another version of the policy language"
  }

  assert {
    condition = (
      [for statement in jsondecode(output.foretide_policy).Statement : statement.Sid]
      == [for statement in jsondecode(file("../../docs/iam.json")).Statement : statement.Sid]
    )
    error_message = "other statements than docs/iam.json"
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(file("../../docs/iam.json")).Statement : jsonencode(statement) == jsonencode(
        one([for found in jsondecode(output.foretide_policy).Statement : found if found.Sid == statement.Sid])
      )
    ])
    error_message = "a statement differs from the one with its Sid in docs/iam.json"
  }
}

run "without_scaling_it_can_only_read" {
  variables {
    allow_scaling = false
  }

  assert {
    condition     = !strcontains(output.foretide_policy, "SetDesiredCapacity")
    error_message = "a monitor that may not scale can"
  }

  assert {
    condition     = strcontains(output.foretide_policy, "DescribeAutoScalingGroups")
    error_message = "it cannot read either"
  }
}

run "named_groups_take_the_place_of_the_tag" {
  variables {
    group_names = ["web", "batch workers"]
  }

  assert {
    condition = one([
      for found in jsondecode(output.foretide_policy).Statement : found.Resource if found.Sid == "ScaleTaggedGroups"
      ]) == [
      "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/web",
      "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/batch workers",
    ]
    error_message = "other groups than the named ones"
  }

  assert {
    condition     = !strcontains(output.foretide_policy, "ResourceTag")
    error_message = "the tag is asked for beside the names"
  }
}

run "the_machine_gets_what_its_store_configuration_and_log_need" {
  assert {
    condition = [for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement : found.Sid] == [
      "AttachStore", "ReadConfiguration", "MarkStore", "WriteLog", "NeverOwnGroup", "SessionManager",
    ]
    error_message = "other statements than the machine needs"
  }

  assert {
    condition = alltrue([
      for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement :
      found.Sid == "SessionManager" || !contains(found.Resource, "*")
    ])
    error_message = "a statement besides SessionManager is open to every resource"
  }

  assert {
    condition = one([
      for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement : found if found.Sid == "NeverOwnGroup"
      ]) == {
      Sid      = "NeverOwnGroup"
      Effect   = "Deny"
      Action   = ["autoscaling:SetDesiredCapacity"]
      Resource = ["arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/foretide"]
    }
    error_message = "the role could scale the monitor's own group"
  }

  assert {
    condition = one([
      for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement : found if found.Sid == "AttachStore"
      ]).Condition == {
      StringEquals = { "aws:ResourceTag/foretide:monitor" = "foretide" }
    }
    error_message = "volumes of others could be attached"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "ec2.amazonaws.com" }
    error_message = "somebody else than an instance may be the monitor"
  }
}

run "optional_permissions_come_with_their_settings" {
  variables {
    kms_key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    assume_role_arns      = ["arn:aws:iam::222222222222:role/foretide"]
    package_url           = "s3://packages/foretide_0.1.0_amd64.deb"
    webhook_url_parameter = "/ops/webhook"
    session_manager       = false
  }

  assert {
    condition = [for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement : found.Sid] == [
      "AttachStore", "ReadConfiguration", "MarkStore", "WriteLog", "NeverOwnGroup", "AssumeGroupRoles", "UseKey",
      "GrantKeyToVolume", "ReadPackage",
    ]
    error_message = "other statements than these settings ask for"
  }

  assert {
    condition = alltrue([
      for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement : !contains(found.Resource, "*")
    ])
    error_message = "a statement is open to every resource"
  }

  assert {
    condition = contains(one([
      for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement : found.Resource if found.Sid == "ReadConfiguration"
    ]), "arn:aws:ssm:eu-west-1:123456789012:parameter/ops/webhook")
    error_message = "the webhook's address cannot be read"
  }

  assert {
    condition = one([
      for found in jsondecode(aws_iam_role_policy.monitor.policy).Statement : found.Resource if found.Sid == "ReadPackage"
    ]) == ["arn:aws:s3:::packages/foretide_0.1.0_amd64.deb"]
    error_message = "another object than the package can be read"
  }
}

run "the_group_terminates_before_it_launches" {
  assert {
    condition = (
      aws_autoscaling_group.this.min_size == 1
      && aws_autoscaling_group.this.max_size == 1
      && aws_autoscaling_group.this.desired_capacity == 1
    )
    error_message = "the monitor is not a group of one"
  }

  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 0
    error_message = "a refresh would wait for a second instance that the group may not have"
  }

  assert {
    condition     = contains(aws_autoscaling_group.this.suspended_processes, "AZRebalance")
    error_message = "rebalancing launches before it terminates"
  }

  assert {
    condition     = aws_autoscaling_group.this.vpc_zone_identifier == toset(["subnet-0123456789abcdef0"])
    error_message = "the group is not in the one subnet whose zone has the volume"
  }

  assert {
    condition     = aws_ebs_volume.store.availability_zone == "eu-west-1a" && aws_ebs_volume.store.encrypted
    error_message = "the volume is elsewhere, or not encrypted"
  }
}

run "no_tag_is_propagated_and_none_is_foretides" {
  variables {
    tags = { Team = "platform" }
  }

  assert {
    condition     = alltrue([for tag in aws_autoscaling_group.this.tag : !tag.propagate_at_launch])
    error_message = "a tag is propagated"
  }

  assert {
    condition     = alltrue([for tag in aws_autoscaling_group.this.tag : !startswith(tag.key, "foretide")])
    error_message = "the monitor's own group carries a tag of Foretide's"
  }

  assert {
    condition     = contains([for tag in aws_autoscaling_group.this.tag : tag.key], "Team")
    error_message = "the user's tags are missing"
  }
}

run "user_data_fits_and_has_the_settings" {
  variables {
    page_token_parameter = "/ops/token"
    predictor            = true
  }

  assert {
    condition     = length(base64decode(aws_launch_template.this.user_data)) < 16384
    error_message = "EC2 takes 16 KiB of user data"
  }

  assert {
    condition = alltrue([
      for line in [
        "PACKAGE_SHA256='0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'",
        "PACKAGE_URL='https://packages.example/foretide_0.1.0_amd64.rpm'",
        "PARAMETERS='/foretide/foretide'",
        "PREDICTOR='true'",
        "REGION='eu-west-1'",
        "TOKEN_PARAMETER='/ops/token'",
        "VOLUME_ID='vol-0123456789abcdef0'",
        "WEBHOOK_PARAMETER=''",
      ] : contains(split("\n", base64decode(aws_launch_template.this.user_data)), line)
    ])
    error_message = "a setting is missing"
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required"
    error_message = "IMDSv1 answers"
  }

  assert {
    condition     = aws_launch_template.this.image_id == "ami-0123456789abcdef0"
    error_message = "another image than the parameter names"
  }
}

run "the_pointer_names_the_version" {
  assert {
    condition     = aws_ssm_parameter.configuration[0].name == "/foretide/foretide/v/${aws_ssm_parameter.current[0].value}/config"
    error_message = "the pointer names another version"
  }

  assert {
    condition     = aws_ssm_parameter.configuration[0].value == "[group.web]\nmode = \"observe\"\n"
    error_message = "the parameter has another text"
  }

  assert {
    condition     = can(regex("^[0-9]+$", aws_ssm_parameter.current[0].value))
    error_message = "a version is a number"
  }

  assert {
    condition     = aws_ssm_parameter.configuration[0].type == "String" && aws_ssm_parameter.store.value == "none"
    error_message = "other parameters than a fresh monitor has"
  }
}

run "another_text_is_another_version" {
  variables {
    configuration        = "[group.web]\nmode = \"enforce\"\n"
    secure_configuration = true
  }

  assert {
    condition     = output.configuration_version != run.the_pointer_names_the_version.configuration_version
    error_message = "two texts have one version"
  }

  assert {
    condition     = aws_ssm_parameter.configuration[0].type == "SecureString"
    error_message = "not a SecureString"
  }
}

run "somebody_else_may_push_the_configuration" {
  variables {
    configuration        = ""
    manage_configuration = false
  }

  assert {
    condition     = length(aws_ssm_parameter.configuration) == 0 && length(aws_ssm_parameter.current) == 0
    error_message = "the module writes what it does not manage"
  }
}

run "the_alarms_notify" {
  variables {
    alarm_actions = ["arn:aws:sns:eu-west-1:123456789012:on-call"]
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["instance", "silent", "warnings", "new_store"])
    error_message = "other alarms than documented"
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:on-call"]) && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "an alarm that nobody hears"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["instance"].treat_missing_data == "breaching"
      && aws_cloudwatch_metric_alarm.this["silent"].treat_missing_data == "breaching"
    )
    error_message = "a monitor that is gone raises no alarm"
  }
}

run "alarms_and_security_group_are_optional" {
  variables {
    create_alarms         = false
    create_security_group = false
    security_group_ids    = ["sg-0123456789abcdef0"]
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && length(aws_cloudwatch_log_metric_filter.this) == 0
    error_message = "alarms all the same"
  }

  assert {
    condition     = aws_launch_template.this.vpc_security_group_ids == toset(["sg-0123456789abcdef0"]) && output.security_group_id == null
    error_message = "another security group"
  }
}

run "nothing_comes_in" {
  assert {
    condition     = length(aws_security_group.this[0].egress) == 1 && one(aws_security_group.this[0].egress).to_port == 443
    error_message = "more than HTTPS goes out"
  }
}

run "a_tag_of_foretides_is_refused" {
  command = plan

  variables {
    tags = { "foretide:mode" = "enforce" }
  }

  expect_failures = [var.tags]
}

run "a_package_without_tls_is_refused" {
  command = plan

  variables {
    package_url = "http://packages.example/foretide_0.1.0_amd64.rpm"
  }

  expect_failures = [var.package_url]
}

run "a_package_with_a_quote_is_refused" {
  command = plan

  variables {
    package_url = "https://packages.example/'; reboot; '.rpm"
  }

  expect_failures = [var.package_url]
}

run "a_package_without_its_sum_is_refused" {
  command = plan

  variables {
    package_sha256 = "0123"
  }

  expect_failures = [var.package_sha256]
}

run "a_configuration_too_large_is_refused" {
  command = plan

  variables {
    configuration = format("# %8000s", "")
  }

  expect_failures = [var.configuration]
}

run "no_configuration_is_refused" {
  command = plan

  variables {
    configuration = " "
  }

  expect_failures = [aws_ssm_parameter.configuration]
}

run "the_monitors_own_group_is_refused" {
  command = plan

  variables {
    configuration = "[group.foretide]\nmode = \"enforce\"\n"
  }

  expect_failures = [aws_autoscaling_group.this]
}

run "its_name_in_quotes_is_refused_too" {
  command = plan

  variables {
    configuration = "[group.\"foretide\"]\nmode = \"enforce\"\n"
  }

  expect_failures = [aws_autoscaling_group.this]
}

run "a_group_whose_name_only_begins_so_is_taken" {
  command = plan

  variables {
    configuration = "[group.foretide-web]\nmode = \"observe\"\n"
  }
}
