import pulumi
import json
import pulumi_aws as aws

key = aws.kms.Key("key",
    description="of the orders",
    enable_key_rotation=True)
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
        "kms_key_arn": key.arn,
    })
sharing = aws.dynamodb.ResourcePolicy("sharing",
    resource_arn=orders.arn,
    policy=pulumi.Output.json_dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {
                "AWS": "arn:aws:iam::444455556666:role/reporting",
            },
            "Action": "dynamodb:GetItem",
            "Resource": orders.arn,
        }],
    }))
