import pulumi
import json
import pulumi_aws as aws

cache_role = aws.iam.Role("cacheRole",
    name="orders-cache",
    assume_role_policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {
                "Service": "dax.amazonaws.com",
            },
        }],
    }))
cache = aws.dax.Cluster("cache",
    cluster_name="orders",
    iam_role_arn=cache_role.arn,
    node_type="dax.r5.large",
    replication_factor=3,
    cluster_endpoint_encryption_type="TLS",
    server_side_encryption={
        "enabled": True,
    })
