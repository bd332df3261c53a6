package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// create creates a resource, and returns its id and outputs.
func (p *provider) create(t *testing.T, typ tokens.Type, inputs string) (string, resource.PropertyMap) {
	t.Helper()
	response, err := p.Create(t.Context(), plugin.CreateRequest{
		URN: "urn:" + resource.URN(typ), Name: "logical", Type: typ, Properties: properties(t, inputs),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(response.ID), response.Properties
}

func (p *provider) invoke(t *testing.T, token, args string) (resource.PropertyMap, error) {
	t.Helper()
	response, err := p.Invoke(t.Context(), plugin.InvokeRequest{
		Tok: tokens.ModuleMember(token), Args: resource.FromResourcePropertyMap(properties(t, args)),
	})
	return resource.ToResourcePropertyMap(response.Properties), err
}

// madeUp replaces what is another each time.
var madeUp = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}|-[A-Za-z0-9]{6}$|_[A-Za-z0-9]{9}$|^[a-z0-9]{26}$`)

// TestIdentifiers creates one of each type that has more than its name for an
// id or an ARN, in the three partitions.
func TestIdentifiers(t *testing.T) {
	tests := []struct {
		typ                     tokens.Type
		inputs, id, output, arn string
	}{
		{"aws:backup/plan:Plan", `{"name":"n"}`, "*", "arn", "arn:%P:backup:%R:444455556666:backup-plan:*"},
		{"aws:backup/selection:Selection", `{"name":"n"}`, "*", "", ""},
		{"aws:backup/vault:Vault", `{"name":"n"}`, "n", "arn", "arn:%P:backup:%R:444455556666:backup-vault:n"},
		{"aws:cloudwatch/eventRule:EventRule", `{"name":"n","eventBusName":"default"}`, "n", "arn",
			"arn:%P:events:%R:444455556666:rule/n"},
		{"aws:cloudwatch/eventRule:EventRule", `{"name":"n","eventBusName":"arn:%P:events:%R:444455556666:event-bus/b"}`, "b/n", "arn",
			"arn:%P:events:%R:444455556666:rule/b/n"},
		{"aws:cloudwatch/logGroup:LogGroup", `{"name":"/a/n"}`, "/a/n", "arn", "arn:%P:logs:%R:444455556666:log-group:/a/n"},
		{"aws:cognito/identityPool:IdentityPool", `{}`, "%R:*", "arn", "arn:%P:cognito-identity:%R:444455556666:identitypool/%R:*"},
		{"aws:cognito/userPool:UserPool", `{"name":"n"}`, "%R*", "arn", "arn:%P:cognito-idp:%R:444455556666:userpool/%R*"},
		{"aws:cognito/userPoolClient:UserPoolClient", `{"name":"n"}`, "*", "", ""},
		{"aws:dax/cluster:Cluster", `{"clusterName":"N"}`, "n", "arn", "arn:%P:dax:%R:444455556666:cache/n"},
		{"aws:iam/instanceProfile:InstanceProfile", `{"name":"n","path":"/a/"}`, "n", "arn", "arn:%P:iam::444455556666:instance-profile/a/n"},
		{"aws:iam/openIdConnectProvider:OpenIdConnectProvider", `{"url":"https://a.example/b"}`,
			"arn:%P:iam::444455556666:oidc-provider/a.example/b", "arn", "arn:%P:iam::444455556666:oidc-provider/a.example/b"},
		{"aws:iam/samlProvider:SamlProvider", `{"name":"n"}`, "arn:%P:iam::444455556666:saml-provider/n", "arn",
			"arn:%P:iam::444455556666:saml-provider/n"},
		{"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", `{"name":"n"}`,
			"arn:%P:firehose:%R:444455556666:deliverystream/n", "arn", "arn:%P:firehose:%R:444455556666:deliverystream/n"},
		{"aws:kinesis/stream:Stream", `{"name":"n"}`, "arn:%P:kinesis:%R:444455556666:stream/n", "arn",
			"arn:%P:kinesis:%R:444455556666:stream/n"},
		{"aws:kms/alias:Alias", `{"name":"alias/n","targetKeyId":"k"}`, "alias/n", "targetKeyArn", "arn:%P:kms:%R:444455556666:key/k"},
		{"aws:kms/alias:Alias", `{"name":"alias/n","targetKeyId":"k"}`, "alias/n", "arn", "arn:%P:kms:%R:444455556666:alias/n"},
		{"aws:kms/key:Key", `{}`, "*", "arn", "arn:%P:kms:%R:444455556666:key/*"},
		{"aws:kms/key:Key", `{"multiRegion":true}`, "*", "arn", "arn:%P:kms:%R:444455556666:key/*"},
		{"aws:kms/replicaKey:ReplicaKey", `{"primaryKeyArn":"arn:%P:kms:eu-west-1:444455556666:key/mrk-1"}`, "mrk-1", "arn",
			"arn:%P:kms:%R:444455556666:key/mrk-1"},
		{"aws:lambda/function:Function", `{"name":"n"}`, "n", "arn", "arn:%P:lambda:%R:444455556666:function:n"},
		{"aws:lambda/function:Function", `{"name":"n"}`, "n", "qualifiedArn", "arn:%P:lambda:%R:444455556666:function:n:$LATEST"},
		{"aws:lambda/function:Function", `{"name":"n","publish":true}`, "n", "qualifiedArn", "arn:%P:lambda:%R:444455556666:function:n:1"},
		{"aws:lambda/function:Function", `{"name":"n"}`, "n", "invokeArn",
			"arn:%P:apigateway:%R:lambda:path/2015-03-31/functions/arn:%P:lambda:%R:444455556666:function:n/invocations"},
		{"aws:s3/bucket:Bucket", `{"bucket":"n"}`, "n", "arn", "arn:%P:s3:::n"},
		{"aws:s3/bucketV2:BucketV2", `{"bucket":"n"}`, "n", "bucketRegionalDomainName", "n.s3.%R.%S"},
		{"aws:secretsmanager/secret:Secret", `{"name":"n"}`, "arn:%P:secretsmanager:%R:444455556666:secret:n*", "arn",
			"arn:%P:secretsmanager:%R:444455556666:secret:n*"},
		{"aws:sfn/stateMachine:StateMachine", `{"name":"n"}`, "arn:%P:states:%R:444455556666:stateMachine:n", "arn",
			"arn:%P:states:%R:444455556666:stateMachine:n"},
		{"aws:sns/topic:Topic", `{"name":"n"}`, "arn:%P:sns:%R:444455556666:n", "arn", "arn:%P:sns:%R:444455556666:n"},
		{"aws:sqs/queue:Queue", `{"name":"n"}`, "https://sqs.%R.%S/444455556666/n", "arn", "arn:%P:sqs:%R:444455556666:n"},
		{"aws:sqs/queue:Queue", `{"name":"n"}`, "https://sqs.%R.%S/444455556666/n", "url", "https://sqs.%R.%S/444455556666/n"},

		{"aws-native:kinesis:Stream", `{"name":"n"}`, "n", "arn", "arn:%P:kinesis:%R:444455556666:stream/n"},
		{"aws-native:kms:Key", `{}`, "*", "arn", "arn:%P:kms:%R:444455556666:key/*"},
		{"aws-native:lambda:Function", `{"functionName":"n"}`, "n", "arn", "arn:%P:lambda:%R:444455556666:function:n"},
		{"aws-native:s3:Bucket", `{"bucketName":"n"}`, "n", "arn", "arn:%P:s3:::n"},
		{"aws-native:sns:Topic", `{"topicName":"n"}`, "arn:%P:sns:%R:444455556666:n", "topicArn", "arn:%P:sns:%R:444455556666:n"},
		{"aws-native:sqs:Queue", `{"queueName":"n"}`, "https://sqs.%R.%S/444455556666/n", "queueUrl", "https://sqs.%R.%S/444455556666/n"},
	}
	for _, place := range []struct{ partition, region, suffix string }{
		{"aws", "eu-central-1", "amazonaws.com"},
		{"aws-cn", "cn-north-1", "amazonaws.com.cn"},
		{"aws-us-gov", "us-gov-west-1", "amazonaws.com"},
	} {
		there := strings.NewReplacer("%P", place.partition, "%R", place.region, "%S", place.suffix)
		for _, test := range tests {
			name := string(test.typ.Package())
			p := standInAt(t, name, "6.83.4", `{"region":"`+place.region+`","allowedAccountIds":"[\"444455556666\"]"}`)
			id, outputs := p.create(t, test.typ, there.Replace(test.inputs))
			if got := madeUp.ReplaceAllString(id, "*"); got != there.Replace(test.id) {
				t.Errorf("the id of %s is %q, want %q", test.typ, id, there.Replace(test.id))
			}
			got := asText(outputs[resource.PropertyKey(test.output)])
			if got := madeUp.ReplaceAllString(got, "*"); got != there.Replace(test.arn) {
				t.Errorf("the %s of %s is %q, want %q", test.output, test.typ, got, there.Replace(test.arn))
			}
		}
	}
}

// TestPreviews has every type that has an ARN leave it unknown in a preview,
// and without an id.
func TestPreviews(t *testing.T) {
	for _, pkg := range packages() {
		for typ, kind := range pkg.kinds {
			response, err := standIn(t, pkg.name).Create(t.Context(), plugin.CreateRequest{Type: typ, Preview: true})
			if err != nil {
				t.Fatal(err)
			}
			if response.ID != "" {
				t.Errorf("%s has the id %q", typ, response.ID)
			}
			given := map[resource.PropertyKey]bool{}
			for _, input := range members(kind.args) {
				given[input.name] = true
			}
			for _, output := range members(kind.result) {
				if !given[output.name] && output.required() && !response.Properties[output.name].IsComputed() {
					t.Errorf("%s has the %s %v", typ, output.name, response.Properties[output.name])
				}
			}
		}
	}
}

// TestAutoNames ends and spells automatic names as the types take them.
func TestAutoNames(t *testing.T) {
	for _, test := range []struct {
		typ          tokens.Type
		key          resource.PropertyKey
		inputs, want string
	}{
		{"aws:sqs/queue:Queue", "name", `{}`, `^Logical-[0-9a-f]{7}$`},
		{"aws:sqs/queue:Queue", "name", `{"fifoQueue":true}`, `^Logical-[0-9a-f]{7}\.fifo$`},
		{"aws:sns/topic:Topic", "name", `{"fifoTopic":true}`, `^Logical-[0-9a-f]{7}\.fifo$`},
		{"aws:s3/bucket:Bucket", "bucket", `{}`, `^logical-[0-9a-f]{7}$`},
		{"aws-native:sqs:Queue", "queueName", `{"fifoQueue":true}`, `^Logical-[0-9a-f]{7}\.fifo$`},
	} {
		response, err := standIn(t, string(test.typ.Package())).Check(t.Context(),
			plugin.CheckRequest{Name: "Logical", Type: test.typ, News: properties(t, test.inputs)})
		if err != nil {
			t.Fatal(err)
		}
		if name := asText(response.Properties[test.key]); !regexp.MustCompile(test.want).MatchString(name) {
			t.Errorf("the %s of %s is %q, want %s", test.key, test.typ, name, test.want)
		}
	}
}

func TestUpdate(t *testing.T) {
	const arn = "arn:aws:dynamodb:us-west-2:444455556666:table/orders"
	stream := arn + "/stream/" + streamLabel
	common := `"name":"orders","hashKey":"id","attributes":[],"arn":"` + arn + `","deletionProtectionEnabled":false,
		"pointInTimeRecovery":{"enabled":false},"readCapacity":7,"writeCapacity":0,"tableClass":"STANDARD","tagsAll":{},"ttl":{},
		"serverSideEncryption":null`
	old := `{` + common + `,"replicas":[],"streamArn":"","streamLabel":"","streamViewType":""}`
	tests := []struct {
		name      string
		old, news string
		preview   bool
		want      string
	}{
		{"nothing that AWS fills", `{}`, `{"billingMode":"PAY_PER_REQUEST"}`, true,
			`{` + common + `,"replicas":[],"billingMode":"PAY_PER_REQUEST","streamArn":"","streamLabel":"","streamViewType":""}`},
		{"a stream, in a preview", `{}`, `{"streamEnabled":true,"streamViewType":"KEYS_ONLY"}`, true,
			`{` + common + `,"replicas":[],"streamArn":"?","streamLabel":"","streamEnabled":true,"streamViewType":"KEYS_ONLY"}`},
		{"a stream", `{}`, `{"streamEnabled":true,"streamViewType":"KEYS_ONLY"}`, false,
			`{` + common + `,"replicas":[],"streamArn":"` + stream + `","streamLabel":"` + streamLabel + `","streamEnabled":true,"streamViewType":"KEYS_ONLY"}`},
		{"a replica, in a preview", `{}`, `{"replicas":[{"regionName":"eu-west-1"}]}`, true,
			`{` + common + `,"replicas":[{"regionName":"eu-west-1","arn":"?","kmsKeyArn":"?","streamArn":"?","streamLabel":"?"}],
				"streamArn":"","streamLabel":"","streamViewType":""}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := standIn(t, "aws")
			p.log = filepath.Join(t.TempDir(), "log")
			with := func(more string) resource.PropertyMap {
				inputs := properties(t, `{"name":"orders","hashKey":"id"}`)
				maps.Copy(inputs, properties(t, more))
				return inputs
			}
			response, err := p.Update(t.Context(), plugin.UpdateRequest{
				URN: "urn:x", Type: tableType, ID: "orders", OldInputs: with(test.old), OldOutputs: properties(t, old),
				NewInputs: with(test.news), Preview: test.preview,
			})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, response.Properties, test.want)
			if _, err := os.Stat(p.log); (err == nil) == test.preview {
				t.Errorf("a preview is %t, and the log: %v", test.preview, err)
			}
		})
	}
}

// TestVersions has the versions differ in what they fill into inputs.
func TestVersions(t *testing.T) {
	const region = `{"region":"eu-west-1"}`
	tests := []struct {
		version, settings string
		typ               tokens.Type
		inputs, want      string
	}{
		{"5.43.0", region, "aws:cloudwatch/logGroup:LogGroup", `{"tags":{"a":"b"}}`, `{"tags":{"a":"b"}}`},
		{"6.83.4", region, "aws:cloudwatch/logGroup:LogGroup", `{"tags":{"a":"b"}}`, `{"tags":{"a":"b"},"tagsAll":{"a":"b"}}`},
		{"7.40.0", region, "aws:cloudwatch/logGroup:LogGroup", `{}`, `{"region":"eu-west-1"}`},
		{"7.40.0", region, "aws:cloudwatch/logGroup:LogGroup", `{"region":"us-west-1"}`, `{"region":"us-west-1"}`},
		{"7.40.0", `{}`, "aws:cloudwatch/logGroup:LogGroup", `{}`, `{}`},
		{"7.40.0", region, "aws:s3/bucket:Bucket", `{"bucket":"b"}`, `{"bucket":"b","region":"eu-west-1"}`},
		{"7.40.0", region, roleType, `{}`, `{}`},
		{"7.40.0", region, "aws:other/thing:Thing", `{}`, `{}`},
	}
	for _, test := range tests {
		p := standInAt(t, "aws", test.version, test.settings)
		response, err := p.Check(t.Context(), plugin.CheckRequest{Name: "n", Type: test.typ, News: properties(t, test.inputs)})
		if err != nil {
			t.Fatal(err)
		}
		got := visible(response.Properties)
		for _, key := range texts(response.Properties["__defaults"]) {
			delete(got, resource.PropertyKey(key))
		}
		equal(t, got, test.want)

		info, err := p.GetPluginInfo(t.Context())
		if err != nil || info.Version.String() != test.version {
			t.Errorf("version %s says that it is %v, %v", test.version, info.Version, err)
		}
	}

	// Version 7 creates and finds in the region that is named, which its schema has.
	p := standInAt(t, "aws", "7.40.0", region)
	text, err := p.pkg.schema()
	if err != nil {
		t.Fatal(err)
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	for typ, has := range map[string]bool{"aws:sqs/queue:Queue": true, string(roleType): false} {
		_, input := spec.Resources[typ].InputProperties["region"]
		_, output := spec.Resources[typ].Properties["region"]
		if input != has || output != has {
			t.Errorf("%s has the region as an input: %t, as an output: %t", typ, input, output)
		}
	}
	p.log = filepath.Join(t.TempDir(), "log")
	_, outputs := p.create(t, "aws:sqs/queue:Queue", `{"name":"q","region":"us-west-1"}`)
	if arn := asText(outputs["arn"]); arn != "arn:aws:sqs:us-west-1:"+defaultAccount+":q" {
		t.Errorf("the ARN is %s", arn)
	}
	if _, err := p.invoke(t, "aws:sqs/getQueue:getQueue", `{"name":"q","region":"us-west-1"}`); err != nil {
		t.Error(err)
	}
	if _, err := p.invoke(t, "aws:sqs/getQueue:getQueue", `{"name":"q"}`); err == nil {
		t.Error("the queue is found in another region")
	}
}

// TestAccounts finds the account that the provider's settings lead to.
func TestAccounts(t *testing.T) {
	for _, test := range []struct{ settings, want string }{
		{`{}`, defaultAccount},
		{`{"allowedAccountIds":"[\"222222222222\"]"}`, "222222222222"},
		{`{"allowedAccountIds":"[\"222222222222\",\"333333333333\"]"}`, defaultAccount},
		{`{"assumeRole":"{\"roleArn\":\"arn:aws:iam::333333333333:role/r\"}"}`, "333333333333"},
		{`{"assumeRoles":"[{\"roleArn\":\"arn:aws:iam::222222222222:role/r\"},{\"roleArn\":\"arn:aws:iam::333333333333:role/r\"}]"}`,
			"333333333333"},
		{`{"assumeRole":"{\"sessionName\":\"s\"}"}`, defaultAccount},
	} {
		identity, err := standInAt(t, "aws", "6.83.4", test.settings).invoke(t, "aws:index/getCallerIdentity:getCallerIdentity", `{}`)
		if got := asText(identity["accountId"]); err != nil || got != test.want {
			t.Errorf("the account of %s is %q, want %s (%v)", test.settings, got, test.want, err)
		}
	}
}

func TestFunctions(t *testing.T) {
	p := standInAt(t, "aws", "6.83.4", `{"region":"cn-north-1"}`)
	native := standInAt(t, "aws-native", "1.79.0", `{"region":"cn-north-1"}`)
	for _, test := range []struct {
		in                *provider
		token, args, want string
	}{
		{p, "aws:index/getArn:getArn", `{"arn":"arn:aws:rds:eu-west-1:123456789012:db:a:b"}`,
			`{"arn":"arn:aws:rds:eu-west-1:123456789012:db:a:b","id":"arn:aws:rds:eu-west-1:123456789012:db:a:b","partition":"aws",
				"service":"rds","region":"eu-west-1","account":"123456789012","resource":"db:a:b"}`},
		{p, "aws:index/getPartition:getPartition", `{}`,
			`{"id":"aws-cn","partition":"aws-cn","dnsSuffix":"amazonaws.com.cn","reverseDnsPrefix":"cn.com.amazonaws"}`},
		{p, "aws:index/getRegion:getRegion", `{}`,
			`{"id":"cn-north-1","name":"cn-north-1","description":"cn-north-1","endpoint":"ec2.cn-north-1.amazonaws.com.cn"}`},
		{native, "aws-native:index:getAccountId", `{}`, `{"accountId":"` + defaultAccount + `"}`},
		{native, "aws-native:index:getPartition", `{}`, `{"dnsSuffix":"amazonaws.com.cn","partition":"aws-cn"}`},
		{native, "aws-native:index:getRegion", `{}`, `{"region":"cn-north-1"}`},
	} {
		got, err := test.in.invoke(t, test.token, test.args)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, test.want)
	}
	if _, err := p.invoke(t, "aws:index/getArn:getArn", `{"arn":"orders"}`); err == nil {
		t.Error("getArn takes what is no ARN")
	}
}

// TestLookups finds what was created, by each of the names that it has, and
// nothing else.
func TestLookups(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	in := func(account, region string) *provider {
		p := standInAt(t, "aws", "6.83.4", `{"region":"`+region+`","allowedAccountIds":"[\"`+account+`\"]"}`)
		p.log = log
		return p
	}
	const account, region, other = "222222222222", "eu-west-1", "us-east-1"
	here := in(account, region)
	create := func(typ tokens.Type, inputs string) string {
		id, _ := here.create(t, typ, inputs)
		return id
	}
	create(tableType, `{"name":"orders","streamEnabled":true}`)
	create(roleType, `{"name":"r","path":"/"}`)
	create(policyType, `{"name":"p","path":"/"}`)
	key := create("aws:kms/key:Key", `{}`)
	create("aws:kms/alias:Alias", `{"name":"alias/k","targetKeyId":"`+key+`"}`)
	create("aws:sqs/queue:Queue", `{"name":"q"}`)
	create("aws:sns/topic:Topic", `{"name":"t"}`)
	create("aws:s3/bucketV2:BucketV2", `{"bucket":"b"}`)
	secret := create("aws:secretsmanager/secret:Secret", `{"name":"s"}`)
	create("aws:lambda/function:Function", `{"name":"f"}`)
	create("aws:kinesis/stream:Stream", `{"name":"k"}`)

	regional := "arn:aws:%s:" + region + ":" + account + ":"
	arn := func(service, rest string) string { return strings.ReplaceAll(regional, "%s", service) + rest }
	const iam = "arn:aws:iam::" + account + ":"
	tests := []struct {
		token, argument, value, arn, failure string
		everywhere                           bool
	}{
		{"aws:dynamodb/getTable:getTable", "name", "orders", arn("dynamodb", "table/orders"), "DynamoDB Table", false},
		{"aws:iam/getRole:getRole", "name", "r", iam + "role/r", "IAM Role", true},
		{"aws:iam/getPolicy:getPolicy", "name", "p", iam + "policy/p", "IAM Policy", true},
		{"aws:iam/getPolicy:getPolicy", "arn", iam + "policy/p", iam + "policy/p", "IAM Policy", true},
		{"aws:kms/getKey:getKey", "keyId", key, arn("kms", "key/"+key), "KMS Key", false},
		{"aws:kms/getKey:getKey", "keyId", arn("kms", "key/"+key), arn("kms", "key/"+key), "KMS Key", false},
		{"aws:kms/getKey:getKey", "keyId", "alias/k", arn("kms", "key/"+key), "KMS Key", false},
		{"aws:kms/getAlias:getAlias", "name", "alias/k", arn("kms", "alias/k"), "KMS Alias", false},
		{"aws:sqs/getQueue:getQueue", "name", "q", arn("sqs", "q"), "SQS Queue", false},
		{"aws:sns/getTopic:getTopic", "name", "t", arn("sns", "t"), "SNS Topic", false},
		{"aws:s3/getBucket:getBucket", "bucket", "b", "arn:aws:s3:::b", "S3 Bucket", true},
		{"aws:secretsmanager/getSecret:getSecret", "name", "s", secret, "Secrets Manager Secret", false},
		{"aws:secretsmanager/getSecret:getSecret", "arn", secret, secret, "Secrets Manager Secret", false},
		{"aws:lambda/getFunction:getFunction", "functionName", "f", arn("lambda", "function:f"), "Lambda Function", false},
		{"aws:kinesis/getStream:getStream", "name", "k", arn("kinesis", "stream/k"), "Kinesis Stream", false},
	}
	for _, test := range tests {
		args := `{"` + test.argument + `":"` + test.value + `"}`
		found := func(p *provider, want string) {
			t.Helper()
			got, err := p.invoke(t, test.token, args)
			if err != nil || asText(got["arn"]) != want || asText(got[resource.PropertyKey(test.argument)]) != test.value {
				t.Errorf("%s of %s finds %v, %v; want %s", test.token, args, got.Mappable(), err, want)
			}
		}
		missing := func(p *provider) {
			t.Helper()
			want := "invoking " + test.token + ": 1 error occurred:\n\t* reading " + test.failure + " (" + test.value + "): couldn't find resource"
			if got, err := p.invoke(t, test.token, args); err == nil || err.Error() != want {
				t.Errorf("%s of %s finds %v, %v; want %q", test.token, args, got.Mappable(), err, want)
			}
		}
		found(here, test.arn)
		missing(in("333333333333", region))
		if test.everywhere {
			found(in(account, other), test.arn)
		} else {
			missing(in(account, other))
		}
	}
	table, err := here.invoke(t, "aws:dynamodb/getTable:getTable", `{"name":"orders"}`)
	if want := arn("dynamodb", "table/orders/stream/"+streamLabel); err != nil || asText(table["streamArn"]) != want {
		t.Errorf("the stream is %v, want %s (%v)", table["streamArn"], want, err)
	}

	read := func() plugin.ReadResponse {
		t.Helper()
		response, err := here.Read(t.Context(), plugin.ReadRequest{URN: "urn:x", Type: tableType, ID: "orders"})
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	if there := read(); there.ID != "orders" || asText(there.Outputs["arn"]) != arn("dynamodb", "table/orders") {
		t.Errorf("Read finds %v", there.ReadResult)
	}
	if _, err := here.Delete(t.Context(), plugin.DeleteRequest{URN: "urn:x", Type: tableType, ID: "orders"}); err != nil {
		t.Fatal(err)
	}
	if gone := read(); gone.ID != "" || gone.Outputs != nil {
		t.Errorf("Read finds %v of a table that was deleted", gone.ReadResult)
	}
	if _, err := here.invoke(t, "aws:dynamodb/getTable:getTable", `{"name":"orders"}`); err == nil {
		t.Error("getTable finds a table that was deleted")
	}
}

// TestLog compares the lines of a session.
func TestLog(t *testing.T) {
	t.Setenv("DYNAMOGUARD_SECRET", "1")
	t.Setenv("PULUMI_HOME", "/home")
	p := standIn(t, "aws")
	p.log = filepath.Join(t.TempDir(), "log")
	p.faults = []fault{{"invoke", "*", "error", "no"}}
	if err := p.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, program := "/root", "/program"
	if _, err := p.Handshake(t.Context(), plugin.ProviderHandshakeRequest{RootDirectory: &root, ProgramDirectory: &program}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Configure(t.Context(), plugin.ConfigureRequest{Inputs: properties(t, `{"region":"eu-west-1"}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.invoke(t, "aws:index/getRegion:getRegion", `{"id":"a"}`); err == nil {
		t.Error("the fault is not met")
	}
	if _, err := p.Read(t.Context(), plugin.ReadRequest{URN: "urn:x", Type: tableType, ID: "orders"}); err != nil {
		t.Fatal(err)
	}

	file, err := os.Open(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var got []event
	for decoder := json.NewDecoder(file); decoder.More(); {
		var next event
		if err := decoder.Decode(&next); err != nil {
			t.Fatal(err)
		}
		got = append(got, next)
	}
	at := func(region string, e event) event {
		e.Process, e.Version, e.Account, e.Region = os.Getpid(), "6.83.4", "444455556666", region
		return e
	}
	want := []event{
		at("us-west-2", event{Operation: "start", Command: os.Args, Home: "/home", Variables: []string{"DYNAMOGUARD_SECRET"}}),
		at("us-west-2", event{Operation: "handshake", RootDirectory: root, ProgramDirectory: program}),
		at("eu-west-1", event{Operation: "configure"}),
		at("eu-west-1", event{Operation: "invoke", Token: "aws:index/getRegion:getRegion", Values: map[string]any{"id": "a"}}),
		at("eu-west-1", event{Operation: "fault", Token: "aws:index/getRegion:getRegion"}),
		at("eu-west-1", event{Operation: "read", Token: string(tableType), URN: "urn:x", ID: "orders"}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	t.Setenv(faultsVariable, "create * wait="+file+"\ncreate "+string(tableType)+" delay=1ms\n\ncreate "+string(tableType)+" error=a = b\n")
	p := standIn(t, "aws")
	done := make(chan error, 1)
	create := func(typ tokens.Type) {
		_, err := p.Create(t.Context(), plugin.CreateRequest{Type: typ, Preview: true})
		done <- err
	}
	go create(tableType)
	select {
	case err := <-done:
		t.Fatalf("a call that waits ends with %v", err)
	default:
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil || err.Error() != "a = b" {
		t.Errorf("the call fails with %v", err)
	}
	go create(roleType)
	if err := <-done; err != nil {
		t.Error(err)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	go create(roleType)
	if err := p.SignalCancellation(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, p.cancelled.Err()) {
		t.Errorf("a call that is cancelled ends with %v", err)
	}

	for text, want := range map[string]string{
		"create":             `STANDIN_AWS_FAULTS: "create" is not METHOD TOKEN FAULT`,
		"create * explode=1": `STANDIN_AWS_FAULTS: there is no fault "explode"`,
	} {
		if _, err := parseFaults(text); err == nil || err.Error() != want {
			t.Errorf("%q is read as %v, want %s", text, err, want)
		}
	}
}

// TestFollow finds every input and output that follow names.
func TestFollow(t *testing.T) {
	for typ, kind := range awsKinds {
		has := func(structure []member, name resource.PropertyKey) bool {
			return slices.ContainsFunc(structure, func(m member) bool { return m.name == name })
		}
		for input, outputs := range kind.follow {
			for _, output := range outputs {
				if !has(members(kind.args), input) || !has(members(kind.result), output) {
					t.Errorf("%s has no input %s or no output %s", typ, input, output)
				}
			}
		}
	}
}
