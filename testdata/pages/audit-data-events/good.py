import pulumi
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
customers = aws.dynamodb.Table("customers",
    name="customers",
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
trail = aws.cloudtrail.Trail("trail",
    name="items",
    s3_bucket_name="shop-audit",
    is_multi_region_trail=True,
    event_selectors=[{
        "read_write_type": "All",
        "include_management_events": True,
        "data_resources": [{
            "type": "AWS::DynamoDB::Table",
            "values": [
                customers.arn,
                orders.arn,
            ],
        }],
    }])
