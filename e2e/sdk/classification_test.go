package sdk_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	// Keeps version 7 among the requirements of the module, which holds its source. One small package is compiled; no other
	// is imported.
	_ "github.com/pulumi/pulumi-aws/sdk/v7/go/aws/config"

	"dynamoguard/e2e/sdk"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/place"
	"dynamoguard/policies"
)

// classic returns a function that returns the Go SDK of a major version of the classic provider, at the version that
// go.mod names.
func classic(major string) func() (*sdk.Source, error) {
	return sync.OnceValues(func() (*sdk.Source, error) {
		list := exec.Command("go", "list", "-find", "-f={{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/"+major+"/go/aws")
		list.Stderr = os.Stderr
		dir, err := list.Output()
		if err != nil {
			return nil, err
		}
		return sdk.NewSource(os.DirFS(strings.TrimSpace(string(dir)))), nil
	})
}

var v6, v7 = classic("v6"), classic("v7")

// inputs returns the inputs of a type, none where the SDK does not have it.
func inputs(t *testing.T, source func() (*sdk.Source, error), typ string) []string {
	return properties(t, source, typ, (*sdk.Source).Properties)
}

// outputs returns the outputs of a type, at the top, none where the SDK does not have it.
func outputs(t *testing.T, source func() (*sdk.Source, error), typ string) []string {
	return properties(t, source, typ, (*sdk.Source).Outputs)
}

func properties(
	t *testing.T, source func() (*sdk.Source, error), typ string, of func(*sdk.Source, string) ([]string, error),
) []string {
	t.Helper()
	s, err := source()
	if err != nil {
		t.Fatal(err)
	}
	list, err := of(s, typ)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// checked are inputs that the classic provider adds itself, so that programs have them as outputs alone.
var checked = []string{"tagsAll"}

// TestReads finds every property that something reads in the SDKs. A name that is misspelt there would make a policy pass
// whatever it is given.
func TestReads(t *testing.T) {
	readers := map[string]map[string][]string{
		"the join of principals":  facts.LinkReads(),
		"the account of a table":  place.ProviderReads(),
		"the identity of a table": facts.TableReads(),
		"the copies of a table":   facts.CopyReads(facts.Aspects()...)(),
	}
	atTheEnd := map[string]bool{"the join of principals": true} // of a stack, on outputs
	for _, policy := range policies.All() {
		readers[policy.Name] = policy.Reads()
		atTheEnd[policy.Name] = policy.CheckStack != nil
	}
	for reader, reads := range readers {
		for typ, patterns := range reads {
			if strings.HasPrefix(typ, "aws-native:") || typ == "pulumi:providers:aws-native" {
				declared, ok := sdk.Native()[typ]
				if !ok {
					t.Errorf("%s reads %s, which aws-native does not have", reader, typ)
				}
				if atTheEnd[reader] {
					declared = append(declared, sdk.NativeOutputs()[typ]...)
				}
				for _, pattern := range patterns {
					if !slices.Contains(declared, pattern) {
						t.Errorf("%s reads %s of %s, which aws-native does not have", reader, pattern, typ)
					}
				}
				continue
			}
			older, newer := inputs(t, v6, typ), inputs(t, v7, typ)
			for _, of := range []struct {
				source func() (*sdk.Source, error)
				list   *[]string
			}{{v6, &older}, {v7, &newer}} {
				for _, output := range outputs(t, of.source, typ) {
					if atTheEnd[reader] || slices.Contains(checked, output) {
						*of.list = append(*of.list, output)
					}
				}
			}
			for _, pattern := range patterns {
				var since, until int
				switch in6, in7 := slices.Contains(older, pattern), slices.Contains(newer, pattern); {
				case !in6 && !in7:
					t.Errorf("%s reads %s of %s, which no version has", reader, pattern, typ)
					continue
				case !in6:
					since = 7
				case !in7:
					until = 6
				}
				if got := facts.Since(typ, pattern); got != since {
					t.Errorf("%s reads %s of %s: facts.Since is %d, by the SDKs %d", reader, pattern, typ, got, since)
				}
				if got := facts.Until(typ, pattern); got != until {
					t.Errorf("%s reads %s of %s: facts.Until is %d, by the SDKs %d", reader, pattern, typ, got, until)
				}
			}
		}
	}
}

// ungoverned are the properties of table types that no policy has to read, since they decide nothing of recovery, encryption or
// who owns a table's name. One that is new in an SDK is to be read by a policy, or added here.
var ungoverned = map[string][]string{
	facts.Table: {
		// Keys and indexes
		"attributes", "attributes[].name", "attributes[].type", "hashKey", "rangeKey",
		"globalSecondaryIndexes", "globalSecondaryIndexes[].hashKey", "globalSecondaryIndexes[].name",
		"globalSecondaryIndexes[].nonKeyAttributes", "globalSecondaryIndexes[].projectionType",
		"globalSecondaryIndexes[].rangeKey", "globalSecondaryIndexes[].readCapacity",
		"globalSecondaryIndexes[].writeCapacity", "globalSecondaryIndexes[].onDemandThroughput",
		"globalSecondaryIndexes[].onDemandThroughput.maxReadRequestUnits",
		"globalSecondaryIndexes[].onDemandThroughput.maxWriteRequestUnits",
		"localSecondaryIndexes", "localSecondaryIndexes[].name", "localSecondaryIndexes[].nonKeyAttributes",
		"localSecondaryIndexes[].projectionType", "localSecondaryIndexes[].rangeKey",
		// Since 7
		"globalSecondaryIndexes[].keySchemas", "globalSecondaryIndexes[].keySchemas[].attributeName",
		"globalSecondaryIndexes[].keySchemas[].keyType",
		// Capacity and storage
		"billingMode", "readCapacity", "writeCapacity", "onDemandThroughput",
		"onDemandThroughput.maxReadRequestUnits", "onDemandThroughput.maxWriteRequestUnits", "tableClass",
		// Since 7
		"warmThroughput", "warmThroughput.readUnitsPerSecond", "warmThroughput.writeUnitsPerSecond",
		"globalSecondaryIndexes[].warmThroughput", "globalSecondaryIndexes[].warmThroughput.readUnitsPerSecond",
		"globalSecondaryIndexes[].warmThroughput.writeUnitsPerSecond",
		// Contents
		"importTable", "importTable.inputCompressionType", "importTable.inputFormat", "importTable.inputFormatOptions",
		"importTable.inputFormatOptions.csv", "importTable.inputFormatOptions.csv.delimiter",
		"importTable.inputFormatOptions.csv.headerLists", "importTable.s3BucketSource",
		"importTable.s3BucketSource.bucket", "importTable.s3BucketSource.bucketOwner", "importTable.s3BucketSource.keyPrefix",
		"restoreDateTime", "restoreSourceName", "restoreSourceTableArn", "restoreToLatestTime",
		"restoreBackupArn", // since 7
		"streamEnabled", "streamViewType", "ttl", "ttl.attributeName", "ttl.enabled",
		// Protection from deletion, not from loss of data
		"deletionProtectionEnabled",
		"replicas[].deletionProtectionEnabled", // since 7
		// How copies agree, since 7. A witness takes part in that and cannot be read or written:
		// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/multi-region-strong-consistency-gt.html
		"replicas[].consistencyMode", "globalTableWitness", "globalTableWitness.regionName",
		// Tags, and what AWS computes
		"tags", "replicas[].propagateTags", "replicas[].arn", "replicas[].streamArn", "replicas[].streamLabel",
	},
	facts.TableReplica: {"deletionProtectionEnabled", "tableClassOverride", "tags"},
	facts.GlobalTable:  {"name", "replicas", "replicas[].regionName", "region"}, // region since 7
}

// TestClassified finds every property that a table type has in either SDK in what a policy reads, or among the ungoverned.
func TestClassified(t *testing.T) {
	for typ, known := range ungoverned {
		governed := map[string]bool{}
		for _, policy := range policies.All() {
			for _, pattern := range policy.Reads()[typ] {
				governed[pattern] = true
			}
		}
		declared := slices.Concat(inputs(t, v6, typ), inputs(t, v7, typ))
		slices.Sort(declared)
		declared = slices.Compact(declared)
		for _, pattern := range declared {
			if !governed[pattern] && !slices.Contains(known, pattern) {
				t.Errorf("%s of %s is new: let a policy read it, or list it as ungoverned", pattern, typ)
			}
		}
		for _, pattern := range known {
			if !slices.Contains(declared, pattern) {
				t.Errorf("%s of %s is listed as ungoverned, but no SDK has it", pattern, typ)
			}
		}
	}
}

// ungovernedNative are those of aws-native's types, blocks with all that is in them.
var ungovernedNative = map[string][]string{
	facts.NativeTable: {
		// Keys, indexes and capacity
		"attributeDefinitions", "keySchema", "globalSecondaryIndexes", "localSecondaryIndexes",
		"billingMode", "provisionedThroughput", "onDemandThroughput", "warmThroughput", "tableClass",
		// Contents, and what becomes of them
		"importSourceSpecification", "timeToLiveSpecification", "kinesisStreamSpecification", "contributorInsightsSpecification",
		"streamSpecification.streamViewType", "streamSpecification.tags",
		// The kind of key follows from the key
		"sseSpecification.sseType",
		// Protection from deletion, not from loss of data
		"deletionProtectionEnabled",
		"tags",
	},
	facts.NativeGlobal: {
		"attributeDefinitions", "keySchema", "globalSecondaryIndexes", "localSecondaryIndexes",
		"billingMode", "readOnDemandThroughputSettings", "readProvisionedThroughputSettings", "warmThroughput",
		"writeOnDemandThroughputSettings", "writeProvisionedThroughputSettings",
		"streamSpecification", "timeToLiveSpecification", "sseSpecification.sseType",
		// How copies agree, and a witness, which cannot be read or written
		"multiRegionConsistency", "globalTableWitnesses", "replicas[].globalTableSettingsReplicationMode",
		// The table of another account whose replica this one is
		"globalTableSourceArn",
		"replicas[].globalSecondaryIndexes", "replicas[].readOnDemandThroughputSettings", "replicas[].readProvisionedThroughputSettings",
		"replicas[].tableClass", "replicas[].contributorInsightsSpecification", "replicas[].kinesisStreamSpecification",
		"replicas[].replicaStreamSpecification.tags", "replicas[].deletionProtectionEnabled", "replicas[].tags",
	},
}

// TestClassifiedNative is TestClassified of aws-native.
func TestClassifiedNative(t *testing.T) {
	for typ, known := range ungovernedNative {
		governed := map[string]bool{}
		for _, policy := range policies.All() {
			for _, pattern := range policy.Reads()[typ] {
				governed[pattern] = true
			}
		}
		declared := sdk.Native()[typ]
		for _, pattern := range declared {
			within := func(block string) bool {
				rest, ok := strings.CutPrefix(pattern, block)
				return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
			}
			if !governed[pattern] && !slices.ContainsFunc(known, within) {
				t.Errorf("%s of %s is new: let a policy read it, or list it as ungoverned", pattern, typ)
			}
		}
		for _, pattern := range known {
			if !slices.Contains(declared, pattern) {
				t.Errorf("%s of %s is listed as ungoverned, but aws-native does not have it", pattern, typ)
			}
		}
	}
}

// TestNativeTypes: every type of aws-native's modules on tables and principals is read, or known to say nothing of them.
func TestNativeTypes(t *testing.T) {
	for typ := range sdk.Native() {
		switch _, rest, _ := strings.Cut(typ, ":"); strings.Split(rest, ":")[0] {
		case "dax", "dynamodb", "iam", "sso":
			if !facts.Read(typ) {
				t.Errorf("%s is not read: read it, or list it among those that say nothing", typ)
			}
		}
	}
}

// policyInputs are the names under which resources take policy documents, or the names and ARNs of policies.
var policyInputs = []string{
	"policy", "inlinePolicy", "inlinePolicies", "assumeRolePolicy", "permissionsBoundary",
	"policyArn", "policyArns", "policyNames", "managedPolicyArn", "managedPolicyArns",
	"customerManagedPolicyReference", "customerManagedPolicyReferences",
}

// elsewhere are the types with such an input that say nothing of what a principal may do to a table, by why.
var elsewhere = map[string][]string{
	"names inline policies, which are in resources of their own": {
		"aws:iam/groupPoliciesExclusive:GroupPoliciesExclusive",
		"aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
		"aws:iam/userPoliciesExclusive:UserPoliciesExclusive",
	},
	"limits what the policies of a role grant, for one session or endpoint, and grants nothing": {
		"aws:ec2/vpcEndpoint:VpcEndpoint",
		"aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy",
		"aws:eks/podIdentityAssociation:PodIdentityAssociation",
		"aws:rolesanywhere/profile:Profile",
		"aws:transfer/access:Access",
		"aws:transfer/user:User",
	},
	"is for users of Amazon QuickSight, who are no principals of IAM": {
		"aws:quicksight/iamPolicyAssignment:IamPolicyAssignment",
	},
	"is no policy of IAM: of devices, Kubernetes, load balancers, mail, the life of images and collections, and so on": {
		"aws:ecr/lifecyclePolicy:LifecyclePolicy",
		"aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
		"aws:elb/listenerPolicy:ListenerPolicy",
		"aws:elb/loadBalancerBackendServerPolicy:LoadBalancerBackendServerPolicy",
		"aws:iot/policy:Policy",
		"aws:iot/policyAttachment:PolicyAttachment",
		"aws:opensearch/serverlessAccessPolicy:ServerlessAccessPolicy",
		"aws:opensearch/serverlessLifecyclePolicy:ServerlessLifecyclePolicy",
		"aws:opensearch/serverlessSecurityPolicy:ServerlessSecurityPolicy",
		"aws:resiliencehub/resiliencyPolicy:ResiliencyPolicy",
		"aws:ses/receiptFilter:ReceiptFilter",
		"aws:sns/dataProtectionPolicy:DataProtectionPolicy",
	},
	"is on keys: those that encrypt tables among them, but not on what is in the tables": {
		"aws:kms/externalKey:ExternalKey",
		"aws:kms/key:Key",
		"aws:kms/keyPolicy:KeyPolicy",
		"aws:kms/replicaExternalKey:ReplicaExternalKey",
		"aws:kms/replicaKey:ReplicaKey",
	},
	"is on vaults: what AWS Backup keeps of tables among it, reached by actions of AWS Backup": {
		"aws:backup/vaultPolicy:VaultPolicy",
	},
	"is a resource policy of another service, on resources of that": {
		"aws:acmpca/policy:Policy",
		"aws:apigateway/domainName:DomainName",
		"aws:apigateway/restApi:RestApi",
		"aws:apigateway/restApiPolicy:RestApiPolicy",
		"aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
		"aws:cloudwatch/eventBusPolicy:EventBusPolicy",
		"aws:codebuild/resourcePolicy:ResourcePolicy",
		"aws:ecr/registryPolicy:RegistryPolicy",
		"aws:ecr/repositoryPolicy:RepositoryPolicy",
		"aws:ecrpublic/repositoryPolicy:RepositoryPolicy",
		"aws:efs/fileSystemPolicy:FileSystemPolicy",
		"aws:glacier/vaultLock:VaultLock",
		"aws:glue/resourcePolicy:ResourcePolicy",
		"aws:kinesis/resourcePolicy:ResourcePolicy",
		"aws:mediastore/containerPolicy:ContainerPolicy",
		"aws:msk/clusterPolicy:ClusterPolicy",
		"aws:networkfirewall/resourcePolicy:ResourcePolicy",
		"aws:oam/sinkPolicy:SinkPolicy",
		"aws:opensearchingest/resourcePolicy:ResourcePolicy",
		"aws:redshift/resourcePolicy:ResourcePolicy",
		"aws:redshiftserverless/resourcePolicy:ResourcePolicy",
		"aws:s3/accessPoint:AccessPoint",
		"aws:s3/bucket:Bucket",
		"aws:s3/bucketPolicy:BucketPolicy",
		"aws:s3/bucketV2:BucketV2",
		"aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy",
		"aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy",
		"aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy",
		"aws:s3control/accessPointPolicy:AccessPointPolicy",
		"aws:s3control/bucketPolicy:BucketPolicy",
		"aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy",
		"aws:schemas/registryPolicy:RegistryPolicy",
		"aws:secretsmanager/secret:Secret",
		"aws:secretsmanager/secretPolicy:SecretPolicy",
		"aws:ses/identityPolicy:IdentityPolicy",
		"aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy",
		"aws:sns/topic:Topic",
		"aws:sns/topicPolicy:TopicPolicy",
		"aws:sqs/queue:Queue",
		"aws:sqs/queuePolicy:QueuePolicy",
		"aws:vpclattice/authPolicy:AuthPolicy",
		"aws:vpclattice/resourcePolicy:ResourcePolicy",
	},
}

// TestPolicyTypes finds every type of version 7 that takes policies among those whose documents or attachments are read, or
// elsewhere.
func TestPolicyTypes(t *testing.T) {
	source, err := v7()
	if err != nil {
		t.Fatal(err)
	}
	found, err := source.TypesWith(policyInputs)
	if err != nil {
		t.Fatal(err)
	}
	documents, links := facts.DocumentReads(iam.Identity, iam.Resource, iam.Trust)(), facts.LinkReads()
	why := map[string]string{}
	for reason, types := range elsewhere {
		for _, typ := range types {
			if why[typ] != "" {
				t.Errorf("%s is listed twice: %s; %s", typ, why[typ], reason)
			}
			why[typ] = reason
			if _, ok := found[typ]; !ok {
				t.Errorf("%s is listed (%s), but version 7 has no such type with a policy", typ, reason)
			}
		}
	}
	for _, typ := range slices.Sorted(maps.Keys(found)) {
		_, holds := documents[typ]
		_, joins := links[typ]
		switch listed := why[typ] != ""; {
		case (holds || joins) && listed:
			t.Errorf("%s is read and listed (%s)", typ, why[typ])
		case !holds && !joins && !listed:
			t.Errorf("%s takes policies (%s): read it, or list it", typ, strings.Join(found[typ], ", "))
		}
	}
}
