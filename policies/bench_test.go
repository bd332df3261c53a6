package policies_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/policies"
)

// BenchmarkStack judges a stack at its end: n roles with 10 policies each, inline and attached, on n tables.
func BenchmarkStack(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("roles=%d", n), func(b *testing.B) {
			stack := largeStack(n)
			for b.Loop() {
				e := engine.New(policies.All(), time.Now)
				judgements, _ := e.AnalyzeStack(stack)
				if found := len(judgements); found < n {
					b.Fatalf("%d judgements of %d roles", found, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/role")
		})
	}
}

// largeStack makes roles that may delete a table each.
func largeStack(n int) []*resource.Resource {
	object := func(pairs ...string) resource.Value {
		members := map[string]resource.Value{}
		for i := 0; i < len(pairs); i += 2 {
			members[pairs[i]] = resource.StringValue(pairs[i+1])
		}
		return resource.ObjectValue(members)
	}
	var stack []*resource.Resource
	add := func(typ, name string, properties resource.Value) {
		urn := resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name)
		stack = append(stack, &resource.Resource{URN: urn, Type: typ, Name: name, Properties: properties})
	}
	document := func(i int) string {
		table := fmt.Sprintf("arn:aws:dynamodb:us-east-1:111122223333:table/table-%d", i)
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:PutItem"],"Resource":["%s","%s/index/*"]},
			{"Effect":"Allow","Action":["dynamodb:DeleteTable"],"Resource":"%s"},
			{"Effect":"Deny","Action":"dynamodb:DeleteItem","Resource":"*"}]}`, table, table, table)
	}
	for i := range n {
		role := fmt.Sprintf("role-%d", i)
		add(facts.Table, fmt.Sprintf("table-%d", i), object("name", fmt.Sprintf("table-%d", i)))
		add(facts.Role, role, object("name", role))
		for j := range 5 {
			policy := fmt.Sprintf("%s-policy-%d", role, j)
			arn := "arn:aws:iam::111122223333:policy/" + policy
			add(facts.RolePolicy, fmt.Sprintf("%s-inline-%d", role, j), object("role", role, "policy", document((i+j)%n)))
			add(facts.ManagedPolicy, policy, object("arn", arn, "policy", document((i+5+j)%n)))
			add(facts.RoleAttachment, policy, object("role", role, "policyArn", arn))
		}
	}
	return stack
}

// BenchmarkAcross judges a policy document against 100,000 tables of other stacks, a third of them of another environment.
func BenchmarkAcross(b *testing.B) {
	entries := make([]tables.Entry, 100_000)
	for i := range entries {
		stack := []string{"dev", "staging", "main"}[i%3]
		entries[i] = tables.Entry{
			Partition: "aws", Account: "111122223333", Region: "us-east-1", Name: fmt.Sprintf("table-%d", i),
			Organization: "acme", Project: fmt.Sprintf("project-%d", i%500), Stack: stack,
			URN: fmt.Sprintf("urn:pulumi:%s::project-%d::aws:dynamodb/table:Table::t%d", stack, i%500, i),
		}
	}
	all := others{Lookup: tables.NewLookup(tables.New(today, entries, nil, 0))}
	for name, arn := range map[string]string{
		"exact":  "arn:aws:dynamodb:us-east-1:111122223333:table/table-1000",
		"prefix": "arn:aws:dynamodb:*:*:table/table-10*",
		"nobody": "arn:aws:dynamodb:*:*:table/nobody-*",
		"all":    "*",
	} {
		b.Run(name, func(b *testing.B) {
			e := engine.New([]*policy.Policy{policies.IAMCrossEnvironmentGrant}, time.Now).In(engine.World{
				Load: func(policy.IndexSettings, policy.StackContext) (policy.Others, func()) { return all, func() {} },
			})
			e.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "dev"})
			r := &resource.Resource{
				URN: "urn:pulumi:dev::shop::aws:iam/policy:Policy::p", Type: facts.ManagedPolicy, Name: "p",
				Properties: resource.ObjectValue(map[string]resource.Value{"policy": resource.StringValue(
					`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"` + arn + `"}]}`)}),
			}
			for b.Loop() {
				if j := e.Analyze(r)[0]; (j.Outcome == policy.Passed) != (name == "nobody") {
					b.Fatal(j)
				}
			}
		})
	}
}

// BenchmarkAnalyze answers requests for resources of a typical service, each of which is new.
func BenchmarkAnalyze(b *testing.B) {
	const (
		table = "arn:aws:dynamodb:us-east-1:111122223333:table/shop-orders"
		logs  = `{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:111122223333:log-group:orders:*"}`
		reads = `{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:BatchGetItem","dynamodb:Query","dynamodb:PutItem","dynamodb:UpdateItem"],` +
			`"Resource":["` + table + `","` + table + `/index/by-customer","` + table + `/index/by-date"]}`
		own = `{"Effect":"Allow","Action":["dynamodb:DeleteItem","dynamodb:ConditionCheckItem"],"Resource":"` + table + `","Condition":{` +
			`"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:PrincipalTag/tenant}","shared"]},"Null":{"aws:PrincipalTag/tenant":"false"}}}`
		stream = `{"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"],"Resource":"` + table + `/stream/2024-05-17T09:21:31.000"}`
		queue  = `{"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage"],"Resource":["arn:aws:sqs:us-east-1:111122223333:orders"]}`
		bucket = `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::orders/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`
		denies = `{"Effect":"Deny","Action":["dynamodb:DeleteTable","dynamodb:DeleteBackup"],"Resource":"*"}`
		trust  = `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}`
	)
	document := func(statements ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	requests := map[string]map[string]any{
		facts.ManagedPolicy: {"name": "orders", "path": "/", "policy": document(reads, own, stream, queue, bucket, denies)},
		facts.RolePolicy:    {"name": "orders", "role": "orders", "policy": document(logs, queue, bucket)},
		facts.Role: {"name": "orders", "assumeRolePolicy": document(trust),
			"inlinePolicies": []any{map[string]any{"name": "telemetry", "policy": document(logs)}}},
		facts.Table: {"name": "shop-orders", "billingMode": "PAY_PER_REQUEST", "hashKey": "id",
			"pointInTimeRecovery": map[string]any{"enabled": true}, "serverSideEncryption": map[string]any{"enabled": true}},
		"aws:sqs/queue:Queue": {"name": "orders", "kmsMasterKeyId": "alias/aws/sqs"},
	}
	for _, typ := range slices.Sorted(maps.Keys(requests)) {
		properties, err := structpb.NewStruct(requests[typ])
		if err != nil {
			b.Fatal(err)
		}
		b.Run(typ[strings.LastIndex(typ, ":")+1:], func(b *testing.B) {
			const run = 10_000 // resources, of one stack
			b.ReportAllocs()
			var server *analyzer.Server
			for i := 0; b.Loop(); i++ {
				if i%run == 0 {
					server = analyzer.NewServer(engine.New(policies.All(), time.Now), "0.0.0", nil)
				}
				name := fmt.Sprintf("r%d", i)
				request := &pulumirpc.AnalyzeRequest{
					Type: typ, Name: name, Urn: "urn:pulumi:dev::shop::" + typ + "::" + name, Properties: properties,
				}
				if _, err := server.Analyze(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAllocations: what the engine asks of each run, and for each resource, takes a number of allocations that is known.
func TestAllocations(t *testing.T) {
	server := analyzer.NewServer(engine.New(policies.All(), time.Now), "0.0.0", nil)
	queue := &pulumirpc.AnalyzeRequest{Type: "aws:sqs/queue:Queue", Name: "orders", Urn: "urn:pulumi:dev::shop::aws:sqs/queue:Queue::orders"}
	for _, c := range []struct {
		what string
		most float64
		call func() error
	}{
		{"GetAnalyzerInfo", 4000, func() error { _, err := server.GetAnalyzerInfo(t.Context(), nil); return err }},
		{"Analyze of what no policy judges", 25, func() error { _, err := server.Analyze(t.Context(), queue); return err }},
	} {
		if got := testing.AllocsPerRun(10, func() {
			if err := c.call(); err != nil {
				t.Fatal(err)
			}
		}); got > c.most {
			t.Errorf("%s makes %v allocations, want at most %v", c.what, got, c.most)
		}
	}
}
