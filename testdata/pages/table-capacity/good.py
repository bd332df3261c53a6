import pulumi
import pulumi_aws as aws

orders = aws.dynamodb.Table("orders",
    name="orders",
    billing_mode="PROVISIONED",
    read_capacity=5,
    write_capacity=5,
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
read_target = aws.appautoscaling.Target("readTarget",
    service_namespace="dynamodb",
    resource_id=orders.name.apply(lambda name: f"table/{name}"),
    scalable_dimension="dynamodb:table:ReadCapacityUnits",
    min_capacity=5,
    max_capacity=100)
read_scaling = aws.appautoscaling.Policy("readScaling",
    name="orders-read",
    policy_type="TargetTrackingScaling",
    service_namespace=read_target.service_namespace,
    resource_id=read_target.resource_id,
    scalable_dimension=read_target.scalable_dimension,
    target_tracking_scaling_policy_configuration={
        "target_value": 70,
        "predefined_metric_specification": {
            "predefined_metric_type": "DynamoDBReadCapacityUtilization",
        },
    })
write_target = aws.appautoscaling.Target("writeTarget",
    service_namespace="dynamodb",
    resource_id=orders.name.apply(lambda name: f"table/{name}"),
    scalable_dimension="dynamodb:table:WriteCapacityUnits",
    min_capacity=5,
    max_capacity=100)
write_scaling = aws.appautoscaling.Policy("writeScaling",
    name="orders-write",
    policy_type="TargetTrackingScaling",
    service_namespace=write_target.service_namespace,
    resource_id=write_target.resource_id,
    scalable_dimension=write_target.scalable_dimension,
    target_tracking_scaling_policy_configuration={
        "target_value": 70,
        "predefined_metric_specification": {
            "predefined_metric_type": "DynamoDBWriteCapacityUtilization",
        },
    })
