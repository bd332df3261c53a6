import pulumi
import json
import pulumi_aws as aws

orders = aws.dynamodb.Table("orders",
    name="orders",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{
        "name": "id",
        "type": "S",
    }],
    deletion_protection_enabled=True,
    point_in_time_recovery={
        "enabled": True,
    },
    server_side_encryption={
        "enabled": True,
    })
endpoint = aws.ec2.VpcEndpoint("endpoint",
    vpc_id="vpc-0a1b2c3d4e5f60718",
    service_name="com.amazonaws.us-east-1.dynamodb",
    vpc_endpoint_type="Gateway",
    policy=pulumi.Output.json_dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": [
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
            ],
            "Resource": orders.arn,
            "Condition": {
                "StringEquals": {
                    "aws:PrincipalAccount": "111122223333",
                },
            },
        }],
    }))
