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
key = aws.kms.Key("key",
    description="of the orders",
    enable_key_rotation=True)
export = aws.dynamodb.TableExport("export",
    table_arn=orders.arn,
    s3_bucket="orders-exports",
    s3_bucket_owner="111122223333",
    s3_sse_algorithm="KMS",
    s3_sse_kms_key_id=key.arn)
