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
checkout = aws.iam.Role("checkout",
    name="checkout",
    assume_role_policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {
                "Service": "lambda.amazonaws.com",
            },
        }],
    }))
access = aws.iam.RolePolicy("access",
    name="orders",
    role=checkout.name,
    policy=pulumi.Output.json_dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "GetItem",
            "Resource": orders.arn,
        }],
    }))
