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
shop = aws.iam.Role("shop",
    name="shop",
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
    role=shop.name,
    policy=pulumi.Output.json_dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": [
                "dynamodb:GetItem",
                "dynamodb:PutItem",
            ],
            "Resource": orders.arn,
        }],
    }))
checkout = aws.lambda_.Function("checkout",
    name="checkout",
    role=shop.arn,
    runtime="provided.al2023",
    handler="bootstrap",
    s3_bucket="shop-code",
    s3_key="checkout.zip")
search = aws.lambda_.Function("search",
    name="search",
    role=shop.arn,
    runtime="provided.al2023",
    handler="bootstrap",
    s3_bucket="shop-code",
    s3_key="search.zip",
    environment={
        "variables": {
            "CHECKOUT": checkout.name,
        },
    })
