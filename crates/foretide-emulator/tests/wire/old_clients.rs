//! Clients before 2025, which speak only the Query protocol to `CloudWatch`: raw requests as
//! botocore 1.34 writes them, and the AWS CLI with a service model that knows no other protocol.

use serde_json::Value;

use crate::python::Python;
use crate::rig::{Rig, web};

const VERSION: &str = "Version=2010-08-01";
const CPU: &str = "Namespace=AWS%2FEC2&MetricName=CPUUtilization\
                   &Dimensions.member.1.Name=AutoScalingGroupName&Dimensions.member.1.Value=web";

/// Writes into `home` the installed model of `CloudWatch` with the Query protocol alone.
const OLD_MODEL: &str = r#"
import json, os, sys, botocore.session
loader = botocore.session.Session().get_component("data_loader")
model = loader.load_service_model("cloudwatch", "service-2")
model = json.loads(json.dumps(model))
model["metadata"].update(protocol="query", protocols=["query"])
folder = os.path.join(sys.argv[1], ".aws/models/cloudwatch/2010-08-01")
os.makedirs(folder, exist_ok=True)
json.dump(model, open(os.path.join(folder, "service-2.json"), "w"))
"#;

#[tokio::test]
async fn raw_requests_in_the_query_protocol_are_answered_in_xml() {
    let rig = Rig::of(web()).await;
    let span = "StartTime=2026-11-23T11%3A50%3A00Z&EndTime=2026-11-23T11%3A52%3A00Z";
    let statistics = format!(
        "Action=GetMetricStatistics&{VERSION}&{CPU}&{span}&Period=60&Statistics.member.1=Average"
    );
    let (status, body) = rig.form("eu-west-1", &statistics).await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body.contains("http://monitoring.amazonaws.com/doc/2010-08-01/"),
        "{body}"
    );
    assert!(
        body.contains("<Timestamp>2026-11-23T11:50:00Z</Timestamp>"),
        "{body}"
    );
    assert_eq!(body.matches("<Average>50.0</Average>").count(), 2, "{body}");

    for (unit, points) in [("Percent", 2), ("Bytes", 0)] {
        let (_, body) = rig
            .form("eu-west-1", &format!("{statistics}&Unit={unit}"))
            .await;
        assert_eq!(body.matches("<Average>").count(), points, "{unit}: {body}");
    }
    let (status, body) = rig
        .form("eu-west-1", &format!("{statistics}&Unit=Parsec"))
        .await;
    assert_eq!(status, 400);
    assert!(
        body.contains("The value Parsec for parameter Unit"),
        "{body}"
    );

    let list = format!("Action=ListMetrics&{VERSION}&MetricName=CPUUtilization");
    let (_, body) = rig.form("eu-west-1", &list).await;
    assert!(
        body.contains("<Name>AutoScalingGroupName</Name><Value>web</Value>"),
        "{body}"
    );

    let query = "MetricDataQueries.member.1";
    let cpu = CPU.replace('&', &format!("&{query}.MetricStat.Metric."));
    let data = format!(
        "Action=GetMetricData&{VERSION}&{span}&{query}.Id=a&{query}.MetricStat.Period=60\
         &{query}.MetricStat.Stat=Maximum&{query}.MetricStat.Metric.{cpu}"
    );
    let (_, body) = rig.form("eu-west-1", &data).await;
    assert!(
        body.contains("<Values><member>50.0</member><member>50.0</member></Values>"),
        "{body}"
    );

    let refused = format!("Action=PutMetricAlarm&{VERSION}");
    let (status, body) = rig.form("eu-west-1", &refused).await;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>InvalidAction</Code>"), "{body}");
}

#[tokio::test]
async fn the_cli_with_the_old_protocol_gets_the_same_answers() {
    let Some(python) = Python::find() else { return };
    let home = std::env::temp_dir().join(format!("foretide-old-cli-{}", std::process::id()));
    python.script(OLD_MODEL, &[home.to_str().unwrap()]).await;
    let rig = Rig::of(web()).await;
    let call = async |command: &str, home| {
        let words: Vec<&str> = command.split_whitespace().collect();
        python.run(&rig.endpoint, home, &words).await
    };
    let put = "cloudwatch put-metric-data --namespace App --metric-name depth --dimensions q=a \
               --unit Count --value";
    assert_eq!(
        call(&format!("{put} 3"), Some(&home)).await.unwrap(),
        Value::Null
    );
    assert_eq!(call(&format!("{put} 5"), None).await.unwrap(), Value::Null);
    let span = "--start-time 2026-11-23T11:00:00Z --end-time 2026-11-23T12:30:00Z --period 60";
    let depth = "--namespace App --metric-name depth --dimensions Name=q,Value=a";
    for command in [
        format!("cloudwatch get-metric-statistics {depth} {span} --statistics Sum SampleCount"),
        format!("cloudwatch list-metrics {depth}"),
        format!("cloudwatch list-metrics {depth} --recently-active PT3H"),
    ] {
        let old = call(&command, Some(&home)).await.unwrap();
        let new = call(&command, None).await.unwrap();
        assert_eq!(without_time(old.clone()), without_time(new), "{command}");
        assert!(old.to_string().contains("depth"), "{command}: {old}");
    }
    let sum = format!("cloudwatch get-metric-statistics {depth} {span} --statistics Sum");
    let both = call(&sum, Some(&home)).await.unwrap();
    assert_eq!(both["Datapoints"][0]["Sum"], 8.0, "{both}");
    let other = call(&format!("{sum} --unit Bytes"), Some(&home))
        .await
        .unwrap();
    assert_eq!(other["Datapoints"].as_array().unwrap().len(), 0, "{other}");

    for home in [Some(home.as_path()), None] {
        let reserved = put.replace("App", "AWS/EC2");
        let refused = call(&format!("{reserved} 1"), home).await.unwrap_err();
        assert!(refused.contains("(InvalidParameterValue)"), "{refused}");
    }
    std::fs::remove_dir_all(home).unwrap();
}

/// The two protocols write times differently; the CLI shows them as it got them.
fn without_time(mut answer: Value) -> Value {
    if let Some(points) = answer["Datapoints"].as_array_mut() {
        for point in points {
            point["Timestamp"] = Value::Null;
        }
    }
    answer
}

/// A thousand metrics are more than ten kilobytes: botocore compresses the request.
#[tokio::test]
async fn a_large_compressed_request_is_read() {
    let Some(python) = Python::find() else { return };
    let rig = Rig::of(web()).await;
    let script = r#"
import boto3, sys
client = boto3.client("cloudwatch", endpoint_url=sys.argv[1], region_name="eu-west-1",
                      aws_access_key_id="a", aws_secret_access_key="b")
host = [{"Name": "host", "Value": "x" * 200}]
data = [{"MetricName": f"metric-{i}", "Value": i, "Dimensions": host} for i in range(1000)]
client.put_metric_data(Namespace="App", MetricData=data)
pages = client.get_paginator("list_metrics").paginate(Namespace="App")
print(sum(len(page["Metrics"]) for page in pages))
"#;
    assert_eq!(python.script(script, &[&rig.endpoint]).await.trim(), "1000");
}
