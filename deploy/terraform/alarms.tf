################################################################################
# Log
################################################################################

locals {
  log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.this.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts every log group; log_kms_key_arn sets a customer key
  #checkov:skip=CKV_AWS_338:The default is a year; log_retention_in_days is the user's choice
  name              = "/foretide/${var.name}"
  retention_in_days = var.log_retention_in_days
  kms_key_id        = var.log_kms_key_arn
  tags              = local.tags
}

################################################################################
# Alarms: the monitor is gone, it is silent, it asks for a person, it lost its store
################################################################################

locals {
  # Namespace and name of the metrics that count log lines.
  log_metrics = {
    warnings  = { namespace = "Foretide", name = "${var.name}-warnings", pattern = "{ $.level = \"WARNING\" }" }
    new_store = { namespace = "Foretide", name = "${var.name}-new-store", pattern = "{ $.message = \"setup: new-store:*\" }" }
  }

  alarms = {
    instance = {
      description = "The monitor has no instance in service: groups keep the capacity that they have"
      namespace   = "AWS/AutoScaling", metric = "GroupInServiceInstances"
      dimensions  = { AutoScalingGroupName = var.name }
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = 1
      period      = 60, periods = 10, missing = "breaching"
    }
    silent = {
      description = "The monitor writes no log: groups keep the capacity that they have"
      namespace   = "AWS/Logs", metric = "IncomingLogEvents"
      dimensions  = { LogGroupName = aws_cloudwatch_log_group.this.name }
      statistic   = "Sum", comparison = "LessThanThreshold", threshold = 1
      period      = 300, periods = 3, missing = "breaching"
    }
    warnings = {
      description = "Foretide logs warnings, in three of six periods of five minutes: a person should look"
      namespace   = local.log_metrics.warnings.namespace, metric = local.log_metrics.warnings.name
      dimensions  = {}
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 300, periods = 6, missing = "notBreaching"
    }
    new_store = {
      description = "The monitor started on a volume that is not its store: groups are only observed until foretide-setup accept-store"
      namespace   = local.log_metrics.new_store.namespace, metric = local.log_metrics.new_store.name
      dimensions  = {}
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 300, periods = 1, missing = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = { for key, value in local.log_metrics : key => value if var.create_alarms }

  name           = each.value.name
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = each.value.pattern

  metric_transformation {
    namespace = each.value.namespace
    name      = each.value.name
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for key, value in local.alarms : key => value if var.create_alarms }

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.key == "warnings" ? 3 : each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = local.tags
}
