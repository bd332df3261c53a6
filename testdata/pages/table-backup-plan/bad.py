import pulumi
import json
import pulumi_aws as aws

backup_role = aws.iam.Role("backupRole",
    name="orders-backup",
    assume_role_policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {
                "Service": "backup.amazonaws.com",
            },
        }],
    }))
backups = aws.backup.Plan("backups",
    name="daily",
    rules=[{
        "rule_name": "daily",
        "target_vault_name": "Default",
        "schedule": "cron(0 3 * * ? *)",
        "lifecycle": {
            "delete_after": 35,
        },
    }])
selection = aws.backup.Selection("selection",
    name="tagged",
    plan_id=backups.id,
    iam_role_arn=backup_role.arn,
    selection_tags=[{
        "type": "STRINGEQUALS",
        "key": "backup",
        "value": "daily",
    }])
orders = aws.dynamodb.Table("orders",
    name="orders",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{
        "name": "id",
        "type": "S",
    }],
    tags={
        "owner": "shop",
    },
    deletion_protection_enabled=True,
    point_in_time_recovery={
        "enabled": True,
    },
    server_side_encryption={
        "enabled": True,
    })
