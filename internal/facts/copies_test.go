package facts_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

// object is an object of names and what val takes, in turn.
func object(pairs ...any) resource.Value {
	members := map[string]resource.Value{}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i].(string)] = val(pairs[i+1])
	}
	return resource.ObjectValue(members)
}

// TestCopies: every aspect of every copy is found where its shape says, and what cannot be read is noted.
func TestCopies(t *testing.T) {
	yes, n := resource.BoolValue(true), resource.NumberValue
	table := res(facts.Table, "orders", "name", "orders", "region", "us-east-1", "deletionProtectionEnabled", yes,
		"pointInTimeRecovery", object("enabled", yes, "recoveryPeriodInDays", n(7)),
		"serverSideEncryption", object("enabled", yes, "kmsKeyArn", "key"), "tags", object("team", "shop"),
		"streamEnabled", yes, "billingMode", "PROVISIONED", "readCapacity", n(1), "writeCapacity", n(2),
		"replicas", []resource.Value{
			object("regionName", "eu-west-1", "pointInTimeRecovery", yes, "kmsKeyArn", "key-2", "deletionProtectionEnabled", yes),
			object(),
		})
	replica := res(facts.TableReplica, "orders-eu", "region", "eu-west-1", "pointInTimeRecovery", yes, "kmsKeyArn", "key-2",
		"deletionProtectionEnabled", yes, "tags", object("team", "shop"))
	recovery := object("pointInTimeRecoveryEnabled", yes, "recoveryPeriodInDays", n(7))
	tags := []resource.Value{object("key", "team", "value", "shop")}
	stream := object("streamViewType", "KEYS_ONLY")
	nativeTable := res(facts.NativeTable, "orders", "tableName", "orders", "deletionProtectionEnabled", yes,
		"pointInTimeRecoverySpecification", recovery, "sseSpecification", object("sseEnabled", yes, "kmsMasterKeyId", "key"),
		"tags", tags, "streamSpecification", stream, "billingMode", "PROVISIONED",
		"kinesisStreamSpecification", object("streamArn", "kinesis"),
		"provisionedThroughput", object("readCapacityUnits", n(1), "writeCapacityUnits", n(2)))
	nativeGlobal := res(facts.NativeGlobal, "orders", "tableName", "orders", "sseSpecification", object("sseEnabled", yes),
		"streamSpecification", stream, "billingMode", "PROVISIONED",
		"replicas", []resource.Value{object("region", "us-east-1", "pointInTimeRecoverySpecification", recovery,
			"sseSpecification", object("kmsMasterKeyId", "key"), "deletionProtectionEnabled", yes, "tags", tags,
			"kinesisStreamSpecification", object("streamArn", "kinesis"),
			"readProvisionedThroughputSettings", object("readCapacityUnits", n(1)))})
	for _, c := range []struct {
		r    *resource.Resource
		want []string
	}{
		{table, []string{
			"the table",
			`Name name "orders"`, `Region region "us-east-1"`, "Recovery pointInTimeRecovery.enabled true",
			"RecoveryPeriod pointInTimeRecovery.recoveryPeriodInDays 7", "Encrypted serverSideEncryption.enabled true",
			`EncryptionKey serverSideEncryption.kmsKeyArn "key"`, "DeletionProtection deletionProtectionEnabled true",
			`Tags tags {team: "shop"}`, "Stream streamEnabled true", `BillingMode billingMode "PROVISIONED"`,
			"ReadCapacity readCapacity 1", "WriteCapacity writeCapacity 2",
			`the replica in "eu-west-1" replicas[0]`,
			`Region replicas[0].regionName "eu-west-1"`, "Recovery replicas[0].pointInTimeRecovery true",
			`EncryptionKey replicas[0].kmsKeyArn "key-2"`, "DeletionProtection replicas[0].deletionProtectionEnabled true",
			"the replica replicas[1]",
			"Region replicas[1].regionName [absent]", "Recovery replicas[1].pointInTimeRecovery [absent]",
			"EncryptionKey replicas[1].kmsKeyArn [absent]", "DeletionProtection replicas[1].deletionProtectionEnabled [absent]",
		}},
		{replica, []string{
			"the replica",
			`Region region "eu-west-1"`, "Recovery pointInTimeRecovery true", `EncryptionKey kmsKeyArn "key-2"`,
			"DeletionProtection deletionProtectionEnabled true", `Tags tags {team: "shop"}`,
		}},
		{nativeTable, []string{
			"the table",
			`Name tableName "orders"`,
			"Recovery pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled true",
			"RecoveryPeriod pointInTimeRecoverySpecification.recoveryPeriodInDays 7",
			"Encrypted sseSpecification.sseEnabled true", `EncryptionKey sseSpecification.kmsMasterKeyId "key"`,
			"DeletionProtection deletionProtectionEnabled true", `Tags tags [{key: "team", value: "shop"}]`,
			`Stream streamSpecification.streamViewType "KEYS_ONLY"`, `Destination kinesisStreamSpecification.streamArn "kinesis"`,
			`BillingMode billingMode "PROVISIONED"`,
			"ReadCapacity provisionedThroughput.readCapacityUnits 1", "WriteCapacity provisionedThroughput.writeCapacityUnits 2",
		}},
		{nativeGlobal, []string{
			`the replica in "us-east-1" replicas[0]`,
			`Name tableName "orders"`, `Region replicas[0].region "us-east-1"`,
			"Recovery replicas[0].pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled true",
			"RecoveryPeriod replicas[0].pointInTimeRecoverySpecification.recoveryPeriodInDays 7",
			"Encrypted sseSpecification.sseEnabled true", `EncryptionKey replicas[0].sseSpecification.kmsMasterKeyId "key"`,
			"DeletionProtection replicas[0].deletionProtectionEnabled true", `Tags replicas[0].tags [{key: "team", value: "shop"}]`,
			`Stream streamSpecification.streamViewType "KEYS_ONLY"`, `Destination replicas[0].kinesisStreamSpecification.streamArn "kinesis"`,
			`BillingMode billingMode "PROVISIONED"`,
			"ReadCapacity replicas[0].readProvisionedThroughputSettings.readCapacityUnits 1",
		}},
		{res(facts.Role, "r", "name", "r"), nil},
	} {
		var log resource.Log
		var got []string
		for _, copied := range facts.Copies(c.r, &log) {
			name := copied.String()
			if copied.Path() != "" {
				name += " " + string(copied.Path())
			}
			got = append(got, name)
			for _, a := range facts.Aspects() {
				if copied.Named(a) != "" {
					p := copied.Get(a)
					got = append(got, fmt.Sprintf("%v %s %v", a, p.Path, p.Value))
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.r.Type, diff)
		}
		if len(log.Unknown)+len(log.Mistyped) > 0 {
			t.Errorf("%s: %v", c.r.Type, log)
		}
	}

	var log resource.Log
	copies := facts.Copies(res(facts.Table, "later", "replicas", unknown), &log)
	if len(copies) != 1 || !cmp.Equal(log.Unknown, []resource.Path{"replicas"}) {
		t.Errorf("of unknown replicas: %v, unknown %v", copies, log.Unknown)
	}
}

func TestCopyReads(t *testing.T) {
	for _, c := range []struct {
		aspects []facts.Aspect
		want    map[string][]string
	}{
		{[]facts.Aspect{facts.Name}, map[string][]string{
			facts.Table: {"name"}, facts.NativeTable: {"tableName"},
			facts.NativeGlobal: {"replicas", "replicas[].region", "tableName"}, // each copy has it
		}},
		{[]facts.Aspect{facts.Recovery, facts.RecoveryPeriod}, map[string][]string{
			facts.Table: {
				"pointInTimeRecovery", "pointInTimeRecovery.enabled", "pointInTimeRecovery.recoveryPeriodInDays",
				"replicas", "replicas[].pointInTimeRecovery", "replicas[].regionName",
			},
			facts.TableReplica: {"pointInTimeRecovery"},
			facts.NativeTable: {
				"pointInTimeRecoverySpecification", "pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled",
				"pointInTimeRecoverySpecification.recoveryPeriodInDays",
			},
			facts.NativeGlobal: {
				"replicas", "replicas[].pointInTimeRecoverySpecification",
				"replicas[].pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled",
				"replicas[].pointInTimeRecoverySpecification.recoveryPeriodInDays", "replicas[].region",
			},
		}},
	} {
		if diff := cmp.Diff(c.want, facts.CopyReads(c.aspects...)()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.aspects, diff)
		}
	}
}
