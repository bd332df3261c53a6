package foresight

import "sync"

// A rule says what follows for the resources of a type.
type rule struct {
	name    string // the property that names them; empty where none does
	outputs []output
}

// An output is one of a resource. Of several with one property, the first counts that holds.
type output struct {
	property string
	text     string // a template
	when     condition
}

// id is the property of a resource's id.
const id = ""

// is returns an output without a condition.
func is(property, text string) output { return output{property: property, text: text} }

// regional, global and withoutAccount are ARNs: of what is in a region and an account, in an account, and in a region alone.
func regional(service, resource string) string {
	return "arn:{partition}:" + service + ":{region}:{account}:" + resource
}

func global(service, resource string) string {
	return "arn:{partition}:" + service + "::{account}:" + resource
}

func withoutAccount(service, resource string) string {
	return "arn:{partition}:" + service + ":{region}::" + resource
}

// named is the rule of most types: a name, which lookups find them by, an ARN that it mostly determines, and an id that is either.
func named(name, idText, arn string, more ...output) rule {
	return rule{name, append([]output{is(id, idText), is("arn", arn)}, more...)}
}

// made is the rule of a type that no lookup finds by a name, and of which AWS makes up the id, and with it the ARN.
func made(idText, arn string, more ...output) rule {
	return rule{"", append([]output{is(id, idText), is("arn", arn)}, more...)}
}

// entity is the rule of an IAM entity that its name identifies. Its path begins and ends with a slash.
func entity(kind, name string, more ...output) rule {
	return named(name, "{"+name+"}", global("iam", kind+iamPath+"{"+name+"}"), more...)
}

const iamPath = "{path|or /}"

// rules are by type token. The ids are those that the providers set:
//
//   - of aws, what SetId is called with in https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service, where
//     versions 5 to 7 of the provider agree; a rule has no id where they do not
//   - of aws-native, the primary identifier in the CloudFormation schema of the type:
//     https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html
//
// The ARNs are held to the Service Authorization Reference by a test. A type is here if policy documents beside a DynamoDB table
// name it. Left out is what is neither determined nor has a fixed shape, such as the number of a version or of a revision.
var rules = sync.OnceValue(func() map[string]rule {
	return map[string]rule{
		"aws:dynamodb/table:Table": named("name", "{name}", regional("dynamodb", "table/{name}"),
			// The label is the time of its creation: API_TableDescription, LatestStreamLabel.
			output{"streamArn", regional("dynamodb", "table/{name}/stream/{*time}"), when("streamEnabled", "true")},
			output{"streamLabel", "{*time}", when("streamEnabled", "true")},
		),
		"aws:dynamodb/globalTable:GlobalTable": named("name", "{name}", global("dynamodb", "global-table/{name}")),
		// The replica has the table's name, and is known by that and the table's region: internal/service/dynamodb/table_replica.go.
		"aws:dynamodb/tableReplica:TableReplica": named(
			"", "{globalTableArn|name}:{globalTableArn|region}", "{globalTableArn|here}",
		),
		"aws:dax/cluster:Cluster": named(
			"clusterName", "{clusterName|lower}", regional("dax", "cache/{clusterName|lower}"),
		),

		// The unique ids begin with what they are of: IAM User Guide, IAM identifiers.
		"aws:iam/role:Role":                       entity("role", "name", is("uniqueId", "AROA{*upper 17}")),
		"aws:iam/user:User":                       entity("user", "name", is("uniqueId", "AIDA{*upper 17}")),
		"aws:iam/group:Group":                     entity("group", "name", is("uniqueId", "AGPA{*upper 17}")),
		"aws:iam/instanceProfile:InstanceProfile": entity("instance-profile", "name", is("uniqueId", "AIPA{*upper 17}")),
		"aws:iam/policy:Policy": arnNamed(
			"name", global("iam", "policy"+iamPath+"{name}"), is("policyId", "ANPA{*upper 17}"),
		),
		"aws:iam/serverCertificate:ServerCertificate": {"name", []output{
			is(id, "ASCA{*upper 17}"), is("arn", global("iam", "server-certificate"+iamPath+"{name}")),
		}},
		"aws:iam/openIdConnectProvider:OpenIdConnectProvider": arnNamed(
			"url", global("iam", "oidc-provider/{url|without https://}"),
		),
		"aws:iam/samlProvider:SamlProvider": arnNamed("name", global("iam", "saml-provider/{name}")),

		"aws:s3/bucket:Bucket":     named("bucket", "{bucket}", "arn:{partition}:s3:::{bucket}"),
		"aws:s3/bucketV2:BucketV2": named("bucket", "{bucket}", "arn:{partition}:s3:::{bucket}"),

		// The name of a FIFO queue or topic ends with .fifo, which the automatic name does too.
		"aws:sqs/queue:Queue": named("name", queueURL("{name}"), regional("sqs", "{name}"), is("url", queueURL("{name}"))),
		"aws:sns/topic:Topic": arnNamed("name", regional("sns", "{name}")),

		"aws:lambda/function:Function": named("name", "{name}", regional("lambda", "function:{name}"),
			output{"qualifiedArn", regional("lambda", "function:{name}:$LATEST"), when("publish", "false", unset)}),
		"aws:lambda/alias:Alias": arnNamed("name", regional("lambda", "function:{functionName|word}:{name}")),

		"aws:kinesis/stream:Stream": arnNamed("name", regional("kinesis", "stream/{name}")),
		"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": arnNamed(
			"name", regional("firehose", "deliverystream/{name}"),
		),
		"aws:kinesisanalyticsv2/application:Application": arnNamed(
			"name", regional("kinesisanalytics", "application/{name}"),
		),

		"aws:cloudwatch/logGroup:LogGroup":             named("name", "{name}", regional("logs", "log-group:{name}")),
		"aws:cloudwatch/logDestination:LogDestination": named("name", "{name}", regional("logs", "destination:{name}")),
		"aws:cloudwatch/metricAlarm:MetricAlarm":       named("name", "{name}", regional("cloudwatch", "alarm:{name}")),
		"aws:cloudwatch/eventBus:EventBus":             named("name", "{name}", regional("events", "event-bus/{name}")),
		"aws:cloudwatch/eventArchive:EventArchive":     named("name", "{name}", regional("events", "archive/{name}")),
		"aws:cloudwatch/eventRule:EventRule": {"name", []output{
			{id, "{name}", onDefaultBus}, is(id, "{eventBusName|word}/{name}"),
			{"arn", regional("events", "rule/{name}"), onDefaultBus}, is("arn", regional("events", "rule/{eventBusName|word}/{name}")),
		}},
		"aws:scheduler/scheduleGroup:ScheduleGroup": named("name", "{name}", regional("scheduler", "schedule-group/{name}")),
		"aws:scheduler/schedule:Schedule": named(
			"name", "{groupName}/{name}", regional("scheduler", "schedule/{groupName}/{name}"),
		),
		"aws:pipes/pipe:Pipe": named("name", "{name}", regional("pipes", "pipe/{name}")),

		"aws:sfn/stateMachine:StateMachine": arnNamed("name", regional("states", "stateMachine:{name}")),
		"aws:sfn/activity:Activity":         arnNamed("name", regional("states", "activity:{name}")),

		"aws:backup/vault:Vault": named("name", "{name}", regional("backup", "backup-vault:{name}")),
		"aws:backup/plan:Plan":   made("{*uuid}", regional("backup", "backup-plan:{*uuid}")),

		"aws:ecs/cluster:Cluster":       arnNamed("name", regional("ecs", "cluster/{name}")),
		"aws:ecr/repository:Repository": named("name", "{name}", regional("ecr", "repository/{name}")),
		"aws:eks/cluster:Cluster":       named("name", "{name}", regional("eks", "cluster/{name}")),
		"aws:batch/jobQueue:JobQueue":   arnNamed("name", regional("batch", "job-queue/{name}")),
		"aws:efs/fileSystem:FileSystem": named("creationToken", "fs-{*hex 17}", regional("elasticfilesystem", "file-system/fs-{*hex 17}")),
		"aws:opensearch/domain:Domain":  arnNamed("domainName", regional("es", "domain/{domainName}")),
		"aws:rds/cluster:Cluster": named(
			"clusterIdentifier", "{clusterIdentifier}", regional("rds", "cluster:{clusterIdentifier}"),
		),
		"aws:ssm/parameter:Parameter":    named("name", "{name}", regional("ssm", "parameter/{name|without /}")),
		"aws:cloudtrail/trail:Trail":     {"name", []output{is("arn", regional("cloudtrail", "trail/{name}"))}}, // its id was the name
		"aws:athena/workgroup:Workgroup": named("name", "{name}", regional("athena", "workgroup/{name}")),
		// The ids hold the catalog's, which is not known before where it is the account's.
		"aws:glue/catalogDatabase:CatalogDatabase": {"name", []output{is("arn", regional("glue", "database/{name}"))}},
		"aws:glue/catalogTable:CatalogTable":       {"name", []output{is("arn", regional("glue", "table/{databaseName}/{name}"))}},
		"aws:glue/job:Job":                         named("name", "{name}", regional("glue", "job/{name}")),
		"aws:glue/crawler:Crawler":                 named("name", "{name}", regional("glue", "crawler/{name}")),
		"aws:iot/thing:Thing":                      named("name", "{name}", regional("iot", "thing/{name}")),
		"aws:iot/topicRule:TopicRule":              named("name", "{name}", regional("iot", "rule/{name}")),
		"aws:iot/policy:Policy":                    named("name", "{name}", regional("iot", "policy/{name}")),
		"aws:ses/emailIdentity:EmailIdentity":      named("email", "{email}", regional("ses", "identity/{email}")),
		"aws:ses/domainIdentity:DomainIdentity":    named("domain", "{domain}", regional("ses", "identity/{domain}")),
		"aws:sesv2/emailIdentity:EmailIdentity": named(
			"emailIdentity", "{emailIdentity}", regional("ses", "identity/{emailIdentity}"),
		),

		"aws:codebuild/project:Project":      arnNamed("name", regional("codebuild", "project/{name}")),
		"aws:codepipeline/pipeline:Pipeline": named("name", "{name}", regional("codepipeline", "{name}")),
		"aws:codecommit/repository:Repository": named(
			"repositoryName", "{repositoryName}", regional("codecommit", "{repositoryName}"),
		),
		"aws:codestarconnections/connection:Connection": arnNamed("name", regional("codestar-connections", "connection/{*uuid}")),

		"aws:kms/key:Key":               key,
		"aws:kms/replicaKey:ReplicaKey": replicaKey,
		"aws:kms/alias:Alias": named("name", "{name}", regional("kms", "alias/{name|without alias/}"),
			is("targetKeyArn", "{targetKeyId|arn}"), is("targetKeyArn", regional("kms", "key/{targetKeyId|word}"))),
		// Secrets Manager adds a dash and six characters: API_CreateSecret, Name.
		"aws:secretsmanager/secret:Secret": arnNamed("name", regional("secretsmanager", "secret:{name}-{*mixed 6}")),

		"aws:cognito/userPool:UserPool": named(
			"name", "{region}_{*mixed 9}", regional("cognito-idp", "userpool/{region}_{*mixed 9}"),
		),
		"aws:cognito/userPoolClient:UserPoolClient": {"", []output{is(id, "{*lower 26}")}},
		"aws:cognito/identityPool:IdentityPool": named(
			"identityPoolName", "{region}:{*uuid}", regional("cognito-identity", "identitypool/{region}:{*uuid}"),
		),

		"aws:apigateway/restApi:RestApi": named("name", "{*lower 10}", withoutAccount("apigateway", "/restapis/{*lower 10}"),
			is("executionArn", regional("execute-api", "{*lower 10}"))),
		"aws:apigatewayv2/api:Api": named("name", "{*lower 10}", withoutAccount("apigateway", "/apis/{*lower 10}"),
			is("executionArn", regional("execute-api", "{*lower 10}"))),
		"aws:appsync/graphQLApi:GraphQLApi":           made("{*lower 26}", regional("appsync", "apis/{*lower 26}")),
		"aws:cloudfront/distribution:Distribution":    made("E{*upper 13}", global("cloudfront", "distribution/E{*upper 13}")),
		"aws:ec2/vpc:Vpc":                             made("vpc-{*hex 17}", regional("ec2", "vpc/vpc-{*hex 17}")),
		"aws:ec2/vpcEndpoint:VpcEndpoint":             made("vpce-{*hex 17}", regional("ec2", "vpc-endpoint/vpce-{*hex 17}")),
		"aws:organizations/organization:Organization": made("o-{*lower 10}", global("organizations", "organization/o-{*lower 10}")),

		"aws-native:dynamodb:Table":       nativeTable,
		"aws-native:dynamodb:GlobalTable": nativeTable,

		"aws-native:iam:Role":            entity("role", "roleName", is("roleId", "AROA{*upper 17}")),
		"aws-native:iam:User":            entity("user", "userName"),
		"aws-native:iam:Group":           entity("group", "groupName"),
		"aws-native:iam:InstanceProfile": entity("instance-profile", "instanceProfileName"),
		"aws-native:iam:ManagedPolicy": {"managedPolicyName", []output{
			is(id, nativePolicy), is("policyArn", nativePolicy), is("policyId", "ANPA{*upper 17}"),
		}},
		"aws-native:iam:ServerCertificate": entity("server-certificate", "serverCertificateName"),
		"aws-native:iam:OidcProvider":      arnNamed("url", global("iam", "oidc-provider/{url|without https://}")),
		"aws-native:iam:SamlProvider":      arnNamed("name", global("iam", "saml-provider/{name}")),

		"aws-native:s3:Bucket": named("bucketName", "{bucketName}", "arn:{partition}:s3:::{bucketName}"),
		"aws-native:sqs:Queue": named(
			"queueName", queueURL("{queueName}"), regional("sqs", "{queueName}"), is("queueUrl", queueURL("{queueName}")),
		),
		"aws-native:sns:Topic": {"topicName", []output{
			is(id, regional("sns", "{topicName}")), is("topicArn", regional("sns", "{topicName}")),
		}},
		"aws-native:lambda:Function": named("functionName", "{functionName}", regional("lambda", "function:{functionName}")),
		"aws-native:lambda:Alias": {"name", []output{
			is(id, regional("lambda", "function:{functionName|word}:{name}")),
			is("aliasArn", regional("lambda", "function:{functionName|word}:{name}")),
		}},
		"aws-native:kinesis:Stream": named("name", "{name}", regional("kinesis", "stream/{name}")),
		"aws-native:kinesisfirehose:DeliveryStream": named(
			"deliveryStreamName", "{deliveryStreamName}", regional("firehose", "deliverystream/{deliveryStreamName}"),
		),

		// The ARN of a log group ends with :* here, as that of all its streams: AWS::Logs::LogGroup, return values.
		"aws-native:logs:LogGroup": named("logGroupName", "{logGroupName}", regional("logs", "log-group:{logGroupName}:*")),
		"aws-native:logs:Destination": named(
			"destinationName", "{destinationName}", regional("logs", "destination:{destinationName}"),
		),
		"aws-native:cloudwatch:Alarm": named("alarmName", "{alarmName}", regional("cloudwatch", "alarm:{alarmName}")),
		"aws-native:events:EventBus":  named("name", "{name}", regional("events", "event-bus/{name}")),
		"aws-native:events:Archive":   named("archiveName", "{archiveName}", regional("events", "archive/{archiveName}")),
		"aws-native:events:Rule": {"name", []output{
			{id, regional("events", "rule/{name}"), onDefaultBus}, is(id, regional("events", "rule/{eventBusName|word}/{name}")),
			{"arn", regional("events", "rule/{name}"), onDefaultBus}, is("arn", regional("events", "rule/{eventBusName|word}/{name}")),
		}},
		"aws-native:scheduler:ScheduleGroup": named("name", "{name}", regional("scheduler", "schedule-group/{name}")),
		"aws-native:scheduler:Schedule": named(
			"name", "{name}", regional("scheduler", "schedule/{groupName|or default}/{name}"),
		),
		"aws-native:pipes:Pipe": named("name", "{name}", regional("pipes", "pipe/{name}")),

		"aws-native:stepfunctions:StateMachine": arnNamed(
			"stateMachineName", regional("states", "stateMachine:{stateMachineName}"),
		),
		"aws-native:stepfunctions:Activity": arnNamed("name", regional("states", "activity:{name}")),

		"aws-native:backup:BackupVault": {"backupVaultName", []output{
			is(id, "{backupVaultName}"), is("backupVaultArn", regional("backup", "backup-vault:{backupVaultName}")),
		}},
		"aws-native:backup:BackupPlan": {"", []output{
			is(id, "{*uuid}"), is("backupPlanId", "{*uuid}"), is("backupPlanArn", regional("backup", "backup-plan:{*uuid}")),
		}},

		"aws-native:ecs:Cluster":      named("clusterName", "{clusterName}", regional("ecs", "cluster/{clusterName}")),
		"aws-native:ecr:Repository":   named("repositoryName", "{repositoryName}", regional("ecr", "repository/{repositoryName}")),
		"aws-native:eks:Cluster":      named("name", "{name}", regional("eks", "cluster/{name}")),
		"aws-native:ssm:Parameter":    named("name", "{name}", regional("ssm", "parameter/{name|without /}")),
		"aws-native:cloudtrail:Trail": named("trailName", "{trailName}", regional("cloudtrail", "trail/{trailName}")),
		"aws-native:efs:FileSystem": made(
			"fs-{*hex 17}", regional("elasticfilesystem", "file-system/fs-{*hex 17}"), is("fileSystemId", "fs-{*hex 17}"),
		),
		"aws-native:opensearchservice:Domain": named("domainName", "{domainName}", regional("es", "domain/{domainName}"),
			is("domainArn", regional("es", "domain/{domainName}"))),

		"aws-native:kms:Key":        key,
		"aws-native:kms:ReplicaKey": replicaKey,
		"aws-native:kms:Alias":      {"aliasName", []output{is(id, "{aliasName}")}},
		"aws-native:secretsmanager:Secret": {"name", []output{
			is(id, regional("secretsmanager", "secret:{name}-{*mixed 6}")),
			is("awsId", regional("secretsmanager", "secret:{name}-{*mixed 6}")),
		}},

		"aws-native:cognito:UserPool": made("{region}_{*mixed 9}", regional("cognito-idp", "userpool/{region}_{*mixed 9}"),
			is("userPoolId", "{region}_{*mixed 9}")),
		"aws-native:cognito:UserPoolClient": {"", []output{is(id, "{userPoolId}|{*lower 26}"), is("clientId", "{*lower 26}")}},
		"aws-native:cognito:IdentityPool":   {"", []output{is(id, "{region}:{*uuid}"), is("awsId", "{region}:{*uuid}")}},

		"aws-native:apigateway:RestApi": {"", []output{is(id, "{*lower 10}"), is("restApiId", "{*lower 10}")}},
		"aws-native:apigatewayv2:Api": {"", []output{
			is(id, "{*lower 10}"), is("apiId", "{*lower 10}"), is("executeApiArn", regional("execute-api", "{*lower 10}")),
		}},
		"aws-native:appsync:GraphQlApi": {"", []output{
			is(id, regional("appsync", "apis/{*lower 26}")), is("arn", regional("appsync", "apis/{*lower 26}")),
			is("apiId", "{*lower 26}"),
		}},
		"aws-native:cloudfront:Distribution": {"", []output{is(id, "E{*upper 13}"), is("awsId", "E{*upper 13}")}},
		"aws-native:ec2:Vpc":                 {"", []output{is(id, "vpc-{*hex 17}"), is("vpcId", "vpc-{*hex 17}")}},
		"aws-native:ec2:VpcEndpoint":         {"", []output{is(id, "vpce-{*hex 17}"), is("awsId", "vpce-{*hex 17}")}},
	}
})

// nativeTable is also the rule of a global table, whose ARN is that of the table in the stack's region:
// AWS::DynamoDB::GlobalTable, return values.
var nativeTable = named("tableName", "{tableName}", regional("dynamodb", "table/{tableName}"),
	output{"streamArn", regional("dynamodb", "table/{tableName}/stream/{*time}"), when("streamSpecification", set)})

// The id of a key of several regions begins with mrk-, and a replica of one has the id of its primary key: AWS KMS Developer Guide,
// multi-Region keys. What is not known to be such a key is taken for one of a single region.
var (
	key = rule{"", []output{
		{id, "mrk-{*hex 32}", multiRegion}, is(id, "{*uuid}"),
		{"keyId", "mrk-{*hex 32}", multiRegion}, is("keyId", "{*uuid}"),
		{"arn", regional("kms", "key/mrk-{*hex 32}"), multiRegion}, is("arn", regional("kms", "key/{*uuid}")),
	}}
	replicaKey = named("", "{primaryKeyArn|name}", "{primaryKeyArn|here}", is("keyId", "{primaryKeyArn|name}"))
)

var nativePolicy = global("iam", "policy"+iamPath+"{managedPolicyName}")

var (
	onDefaultBus = when("eventBusName", "default", unset)
	multiRegion  = when("multiRegion", "true")
)

// arnNamed is the rule of a type whose id is its ARN.
func arnNamed(name, arn string, more ...output) rule { return named(name, arn, arn, more...) }

// queueURL is the URL of a queue: Amazon SQS Developer Guide, queue and message identifiers.
func queueURL(name string) string { return "https://sqs.{region}.{suffix}/{account}/" + name }
