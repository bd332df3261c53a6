package main

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dax"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kinesis"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sfn"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// serviceKinds are the types of the services beside tables. The facts are those
// of internal/service/{appautoscaling,backup,cloudtrail,cognitoidentity,
// cognitoidp,dax,ec2,events,firehose,kinesis,lambda,logs,s3,secretsmanager,sfn,
// sns,sqs} in
// hashicorp/terraform-provider-aws v5.100.0, and of provider/resources.go in
// pulumi/pulumi-aws, which says the automatic names.
var serviceKinds = map[tokens.Type]kind{
	"aws:appautoscaling/policy:Policy": {
		args:       appautoscaling.PolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[appautoscaling.Policy](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "resourceId", "scalableDimension", "serviceNamespace"},
		defaults:   filled{"policyType": "StepScaling"}.properties(),
		lists:      []resource.PropertyKey{"alarmArns"},
		id:         byProperty("name"),
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			target := asText(inputs["serviceNamespace"]) + "/" + asText(inputs["resourceId"])
			return filled{
				"arn": p.arn("autoscaling", p.region, "scalingPolicy:"+uuid()+":resource/"+target+":policyName/"+id),
			}.properties()
		},
	},
	"aws:appautoscaling/target:Target": {
		args:       appautoscaling.TargetArgs{}.ElementType(),
		result:     reflect.TypeFor[appautoscaling.Target](),
		replacedBy: []resource.PropertyKey{"resourceId", "scalableDimension", "serviceNamespace"},
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         byProperty("resourceId"),
		outputs: func(p *provider, _ string, inputs resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn": p.arn("application-autoscaling", p.region, "scalable-target/"+made(digits, 34)),
				"roleArn": p.arn("iam", "", "role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"+
					"AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"),
			}.properties()
		},
	},

	"aws:backup/plan:Plan": {
		args:   backup.PlanArgs{}.ElementType(),
		result: reflect.TypeFor[backup.Plan](),
		name:   "name",
		lists:  []resource.PropertyKey{"tagsAll"},
		follow: map[resource.PropertyKey][]resource.PropertyKey{"rules": {"version"}},
		id:     func(*provider, resource.PropertyMap) string { return uuid() },
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.arn("backup", p.region, "backup-plan:"+id), "version": revision(inputs["rules"])}.properties()
		},
	},
	"aws:backup/selection:Selection": {
		args:       backup.SelectionArgs{}.ElementType(),
		result:     reflect.TypeFor[backup.Selection](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"iamRoleArn", "name", "notResources", "planId", "resources", "selectionTags"},
		lists:      []resource.PropertyKey{"conditions", "notResources"},
		id:         func(*provider, resource.PropertyMap) string { return uuid() },
	},
	"aws:backup/vault:Vault": {
		args:       backup.VaultArgs{}.ElementType(),
		result:     reflect.TypeFor[backup.Vault](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"kmsKeyArn", "name"},
		defaults:   filled{"forceDestroy": false}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         byProperty("name"),
		outputs:    named("backup", "backup-vault:"),
	},

	"aws:cloudtrail/trail:Trail": {
		args:       cloudtrail.TrailArgs{}.ElementType(),
		result:     reflect.TypeFor[cloudtrail.Trail](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name"},
		defaults: filled{
			"enableLogFileValidation": false, "enableLogging": true, "includeGlobalServiceEvents": true, "isMultiRegionTrail": false,
			"isOrganizationTrail": false,
		}.properties(),
		lists: []resource.PropertyKey{"tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("cloudtrail", p.region, "trail/"+asText(inputs["name"]))
		},
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": id, "homeRegion": p.region}.properties()
		},
	},

	"aws:cloudwatch/eventRule:EventRule": {
		args:       cloudwatch.EventRuleArgs{}.ElementType(),
		result:     reflect.TypeFor[cloudwatch.EventRule](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"eventBusName", "name", "namePrefix"},
		defaults:   filled{"eventBusName": "default", "forceDestroy": false}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         func(_ *provider, inputs resource.PropertyMap) string { return ruleOnBus(inputs) },
		outputs: func(p *provider, _ string, inputs resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.arn("events", p.region, "rule/"+ruleOnBus(inputs))}.properties()
		},
	},
	"aws:cloudwatch/logGroup:LogGroup": {
		args:       cloudwatch.LogGroupArgs{}.ElementType(),
		result:     reflect.TypeFor[cloudwatch.LogGroup](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"logGroupClass", "name", "namePrefix"},
		defaults:   filled{"retentionInDays": 0, "skipDestroy": false}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         byProperty("name"),
		outputs:    named("logs", "log-group:"), // without the final ":*" that the service gives
	},

	"aws:cognito/identityPool:IdentityPool": {
		args:       cognito.IdentityPoolArgs{}.ElementType(),
		result:     reflect.TypeFor[cognito.IdentityPool](),
		replacedBy: []resource.PropertyKey{"developerProviderName"},
		defaults:   filled{"allowClassicFlow": false, "allowUnauthenticatedIdentities": false}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         func(p *provider, _ resource.PropertyMap) string { return p.region + ":" + uuid() },
		outputs:    named("cognito-identity", "identitypool/"),
	},
	"aws:cognito/userPool:UserPool": {
		args:       cognito.UserPoolArgs{}.ElementType(),
		result:     reflect.TypeFor[cognito.UserPool](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"aliasAttributes", "name", "usernameAttributes"},
		defaults:   filled{"deletionProtection": "INACTIVE", "mfaConfiguration": "OFF"}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         func(p *provider, _ resource.PropertyMap) string { return p.region + "_" + made(letters+digits, 9) },
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn":              p.arn("cognito-idp", p.region, "userpool/"+id),
				"creationDate":     created,
				"endpoint":         "cognito-idp." + p.region + "." + p.partition().suffix + "/" + id,
				"lastModifiedDate": created,
			}.properties()
		},
	},
	"aws:cognito/userPoolClient:UserPoolClient": {
		args:       cognito.UserPoolClientArgs{}.ElementType(),
		result:     reflect.TypeFor[cognito.UserPoolClient](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"generateSecret", "userPoolId"},
		lists:      []resource.PropertyKey{"allowedOauthFlows", "allowedOauthScopes", "callbackUrls", "explicitAuthFlows", "logoutUrls"},
		id:         func(*provider, resource.PropertyMap) string { return made(strings.ToLower(letters)+digits, 26) },
		outputs: func(*provider, string, resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"clientSecret": resource.MakeSecret(resource.NewProperty(""))}
		},
	},

	"aws:dax/cluster:Cluster": {
		args:       dax.ClusterArgs{}.ElementType(),
		result:     reflect.TypeFor[dax.Cluster](),
		replacedBy: []resource.PropertyKey{"availabilityZones", "clusterName", "iamRoleArn", "nodeType", "subnetGroupName"},
		lists:      []resource.PropertyKey{"nodes", "securityGroupIds", "tagsAll"},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return strings.ToLower(asText(inputs["clusterName"]))
		},
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			host := id + ".abc123.dax-clusters." + p.region + "." + p.partition().suffix
			return filled{
				"arn":                   p.arn("dax", p.region, "cache/"+id),
				"clusterAddress":        host,
				"configurationEndpoint": host + ":8111",
				"port":                  8111,
			}.properties()
		},
	},

	"aws:dax/subnetGroup:SubnetGroup": {
		args:       dax.SubnetGroupArgs{}.ElementType(),
		result:     reflect.TypeFor[dax.SubnetGroup](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name"},
		id:         byProperty("name"),
		outputs: func(*provider, string, resource.PropertyMap) resource.PropertyMap {
			return filled{"vpcId": networkID}.properties()
		},
	},

	"aws:ec2/vpcEndpoint:VpcEndpoint": {
		args:       ec2.VpcEndpointArgs{}.ElementType(),
		result:     reflect.TypeFor[ec2.VpcEndpoint](),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"serviceName", "serviceRegion", "vpcEndpointType", "vpcId"},
		defaults:   filled{"vpcEndpointType": "Gateway"}.properties(),
		lists: []resource.PropertyKey{
			"cidrBlocks", "dnsEntries", "networkInterfaceIds", "routeTableIds", "securityGroupIds", "subnetConfigurations", "subnetIds",
			"tagsAll",
		},
		id: func(*provider, resource.PropertyMap) string { return "vpce-" + made(digits, 17) },
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn": p.arn("ec2", p.region, "vpc-endpoint/"+id), "ipAddressType": "", "ownerId": p.account,
				"prefixListId": "pl-02cd2c6b", "serviceRegion": p.region, "state": "available",
			}.properties()
		},
	},

	"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": {
		args:       kinesis.FirehoseDeliveryStreamArgs{}.ElementType(),
		result:     reflect.TypeFor[kinesis.FirehoseDeliveryStream](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"destination", "kinesisSourceConfiguration", "name"},
		lists:      []resource.PropertyKey{"tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("firehose", p.region, "deliverystream/"+asText(inputs["name"]))
		},
		outputs: arnIsID,
	},
	"aws:kinesis/stream:Stream": {
		args:       kinesis.StreamArgs{}.ElementType(),
		result:     reflect.TypeFor[kinesis.Stream](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name"},
		defaults:   filled{"encryptionType": "NONE", "enforceConsumerDeletion": false, "retentionPeriod": 24}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("kinesis", p.region, "stream/"+asText(inputs["name"]))
		},
		outputs: arnIsID,
	},

	"aws:lambda/eventSourceMapping:EventSourceMapping": {
		args:       lambda.EventSourceMappingArgs{}.ElementType(),
		result:     reflect.TypeFor[lambda.EventSourceMapping](),
		replacedBy: []resource.PropertyKey{"eventSourceArn", "startingPosition", "startingPositionTimestamp"},
		defaults:   filled{"enabled": true}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		follow:     map[resource.PropertyKey][]resource.PropertyKey{"functionName": {"functionArn"}},
		id:         func(*provider, resource.PropertyMap) string { return uuid() },
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			function := asText(inputs["functionName"])
			if !strings.HasPrefix(function, "arn:") {
				function = p.arn("lambda", p.region, "function:"+function)
			}
			return filled{
				"arn": p.arn("lambda", p.region, "event-source-mapping:"+id), "functionArn": function, "lastModified": created,
				"maximumRecordAgeInSeconds": -1, "maximumRetryAttempts": -1, "parallelizationFactor": 1, "state": "Enabled",
				"stateTransitionReason": "USER_INITIATED", "uuid": id,
			}.properties()
		},
	},
	"aws:lambda/function:Function": {
		args:       lambda.FunctionArgs{}.ElementType(),
		result:     reflect.TypeFor[lambda.Function](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "packageType"},
		defaults: filled{
			"memorySize": 128, "packageType": "Zip", "publish": false, "reservedConcurrentExecutions": -1, "skipDestroy": false, "timeout": 3,
		}.properties(),
		lists:  []resource.PropertyKey{"architectures", "tagsAll"},
		follow: map[resource.PropertyKey][]resource.PropertyKey{"code": {"lastModified"}},
		id:     byProperty("name"),
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			arn, version := p.arn("lambda", p.region, "function:"+id), "$LATEST"
			if plain(inputs["publish"]).V == true {
				version = "1"
			}
			invoke := func(function string) string {
				gateway := "arn:" + p.partition().name + ":apigateway:" + p.region + ":lambda:path/2015-03-31/functions/"
				return gateway + function + "/invocations"
			}
			return filled{
				"arn": arn, "invokeArn": invoke(arn), "lastModified": created, "version": version,
				"qualifiedArn": arn + ":" + version, "qualifiedInvokeArn": invoke(arn + ":" + version),
			}.properties()
		},
	},

	"aws:s3/bucket:Bucket":     bucket[s3.Bucket](s3.BucketArgs{}.ElementType(), filled{"acl": "private", "forceDestroy": false}),
	"aws:s3/bucketV2:BucketV2": bucket[s3.BucketV2](s3.BucketV2Args{}.ElementType(), filled{"forceDestroy": false}),
	"aws:s3/bucketPolicy:BucketPolicy": {
		args:       s3.BucketPolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[s3.BucketPolicy](),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"bucket"},
		id:         byProperty("bucket"),
	},

	"aws:secretsmanager/secret:Secret": {
		args:       secretsmanager.SecretArgs{}.ElementType(),
		result:     reflect.TypeFor[secretsmanager.Secret](),
		name:       "name",
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"name", "namePrefix"},
		defaults:   filled{"forceOverwriteReplicaSecret": false, "recoveryWindowInDays": 30}.properties(),
		lists:      []resource.PropertyKey{"replicas", "tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("secretsmanager", p.region, "secret:"+asText(inputs["name"])+"-"+made(letters+digits, 6))
		},
		outputs: arnIsID,
	},

	"aws:sfn/stateMachine:StateMachine": {
		args:       sfn.StateMachineArgs{}.ElementType(),
		result:     reflect.TypeFor[sfn.StateMachine](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "namePrefix", "type"},
		defaults:   filled{"publish": false, "type": "STANDARD"}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		follow:     map[resource.PropertyKey][]resource.PropertyKey{"definition": {"revisionId"}},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("states", p.region, "stateMachine:"+asText(inputs["name"]))
		},
		outputs: func(_ *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn": id, "creationDate": created, "revisionId": revision(inputs["definition"]), "status": "ACTIVE",
			}.properties()
		},
	},

	"aws:sns/topic:Topic": {
		args:       sns.TopicArgs{}.ElementType(),
		result:     reflect.TypeFor[sns.Topic](),
		name:       "name",
		named:      firstInFirstOut("fifoTopic"),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"fifoTopic", "name", "namePrefix"},
		defaults:   filled{"contentBasedDeduplication": false, "fifoTopic": false}.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("sns", p.region, asText(inputs["name"]))
		},
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": id, "owner": p.account}.properties()
		},
	},
	"aws:sns/topicPolicy:TopicPolicy": {
		args:       sns.TopicPolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[sns.TopicPolicy](),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"arn"},
		id:         byProperty("arn"),
		outputs: func(p *provider, _ string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"owner": p.account}.properties()
		},
	},

	"aws:sqs/queue:Queue": {
		args:       sqs.QueueArgs{}.ElementType(),
		result:     reflect.TypeFor[sqs.Queue](),
		name:       "name",
		named:      firstInFirstOut("fifoQueue"),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"fifoQueue", "name", "namePrefix"},
		defaults: filled{
			"contentBasedDeduplication": false, "delaySeconds": 0, "fifoQueue": false, "maxMessageSize": 262144,
			"messageRetentionSeconds": 345600, "receiveWaitTimeSeconds": 0, "visibilityTimeoutSeconds": 30,
		}.properties(),
		lists: []resource.PropertyKey{"tagsAll"},
		id:    func(p *provider, inputs resource.PropertyMap) string { return p.queueURL(asText(inputs["name"])) },
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.arn("sqs", p.region, path.Base(id)), "url": id}.properties()
		},
	},
	"aws:sqs/queuePolicy:QueuePolicy": {
		args:       sqs.QueuePolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[sqs.QueuePolicy](),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"queueUrl"},
		id:         byProperty("queueUrl"),
	},
}

// networkID is the network that every subnet is in.
const networkID = "vpc-0a1b2c3d4e5f60718"

const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// named fills the ARN of what has its id after a prefix there.
func named(service, prefix string) func(*provider, string, resource.PropertyMap) resource.PropertyMap {
	return func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
		return filled{"arn": p.arn(service, p.region, prefix+id)}.properties()
	}
}

// revision returns an identifier of a value: another for another one.
func revision(value resource.PropertyValue) string {
	sum := sha256.Sum256([]byte(asText(encoded(value))))
	return hex.EncodeToString(sum[:16])
}

// firstInFirstOut ends an automatic name as SQS and SNS want it of what an
// input says is a queue or topic that keeps the order.
func firstInFirstOut(input resource.PropertyKey) func(resource.PropertyMap, string) string {
	return func(inputs resource.PropertyMap, name string) string {
		if plain(inputs[input]).V == true {
			return name + ".fifo"
		}
		return name
	}
}

// ruleOnBus returns a rule's name, after its bus where that is not the default
// one. A bus is given by its name or its ARN.
func ruleOnBus(inputs resource.PropertyMap) string {
	name, bus := asText(inputs["name"]), asText(inputs["eventBusName"])
	if _, after, isARN := strings.Cut(bus, ":event-bus/"); isARN {
		bus = after
	}
	if bus == "" || bus == "default" {
		return name
	}
	return bus + "/" + name
}

func (p *provider) queueURL(name string) string {
	return "https://sqs." + p.region + "." + p.partition().suffix + "/" + p.account + "/" + name
}

// bucketARN returns an ARN that names neither region nor account, since no two
// buckets of a partition have the same name.
func (p *provider) bucketARN(name string) string {
	return "arn:" + p.partition().name + ":s3:::" + name
}

func bucket[Result any](args reflect.Type, defaults filled) kind {
	return kind{
		args:       args,
		result:     reflect.TypeFor[Result](),
		name:       "bucket",
		named:      func(_ resource.PropertyMap, name string) string { return strings.ToLower(name) },
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"bucket", "bucketPrefix"},
		defaults:   defaults.properties(),
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         byProperty("bucket"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn":                      p.bucketARN(id),
				"bucketDomainName":         id + ".s3." + p.partition().suffix,
				"bucketRegionalDomainName": id + ".s3." + p.region + "." + p.partition().suffix,
				"region":                   p.region,
			}.properties()
		},
	}
}
