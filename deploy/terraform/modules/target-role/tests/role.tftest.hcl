# The role of another account with a mocked provider.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "222222222222"
    }
  }
}

variables {
  monitor_role_arn = "arn:aws:iam::111111111111:role/foretide"
}

run "it_may_do_what_iam_json_says" {
  assert {
    condition     = jsonencode(jsondecode(output.foretide_policy)) == jsonencode(jsondecode(file("../../../../docs/iam.json")))
    error_message = "another policy than docs/iam.json"
  }
}

run "it_trusts_the_monitor_alone" {
  assert {
    condition = [for found in jsondecode(aws_iam_role.this.assume_role_policy).Statement : found.Principal] == [
      { AWS = "arn:aws:iam::111111111111:role/foretide" }
    ]
    error_message = "somebody else may assume it"
  }
}

run "named_groups_are_of_this_account" {
  variables {
    group_names = ["web"]
  }

  assert {
    condition     = strcontains(output.foretide_policy, "arn:aws:autoscaling:*:222222222222:autoScalingGroup:*:autoScalingGroupName/web")
    error_message = "another group"
  }
}

run "a_whole_account_is_not_trusted" {
  command = plan

  variables {
    monitor_role_arn = "arn:aws:iam::111111111111:root"
  }

  expect_failures = [var.monitor_role_arn]
}
