package command

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"dynamoguard/internal/index"
	"dynamoguard/policies"
)

// writeLargeState writes an exported state of n resources: a tenth of them tables, three tenths with policy documents, roles among
// them, and the rest of types that do not matter.
func writeLargeState(w io.Writer, n int) {
	const indent = "\n            "
	first := true
	add := func(typ, name, inputs, outputs string) {
		if !first {
			_, _ = io.WriteString(w, ",")
		}
		first = false
		_, _ = fmt.Fprintf(w, `{%[5]s"urn": "urn:pulumi:prod::shop::%[1]s::%[2]s",%[5]s"custom": true,%[5]s"id": "%[2]s",%[5]s"type": "%[1]s",%[5]s`+
			`"inputs": {%[3]s},%[5]s"outputs": {%[3]s%[4]s},%[5]s"parent": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod",%[5]s`+
			`"provider": "urn:pulumi:prod::shop::pulumi:providers:aws::p::i",%[5]s"sourcePosition": "project:///index.ts#7,3"}`, typ, name, inputs, outputs, indent)
	}
	_, _ = io.WriteString(w, `{"version": 3, "deployment": {"resources": [`)
	add("pulumi:pulumi:Stack", "shop-prod", "", "")
	add("pulumi:providers:aws", "p", `"region": "eu-west-1"`, "")
	document := func(statement string) string {
		return fmt.Sprintf("%q", `{"Version":"2012-10-17","Statement":[`+statement+`]}`)
	}
	for i := range n / 10 {
		recovery := `"pointInTimeRecovery": {"enabled": true},`
		if i%10 == 0 {
			recovery = ""
		}
		add("aws:dynamodb/table:Table", fmt.Sprint("t", i), fmt.Sprintf(`"name": "table-%d", "hashKey": "id", "billingMode": "PAY_PER_REQUEST", %s`+
			`"attributes": [{"name": "id", "type": "S"}], "serverSideEncryption": {"enabled": true}, "deletionProtectionEnabled": true`, i, recovery),
			fmt.Sprintf(`, "arn": "arn:aws:dynamodb:eu-west-1:111122223333:table/table-%d"`, i))
		table := fmt.Sprintf("arn:aws:dynamodb:eu-west-1:111122223333:table/table-%d", i)
		trust := document(`{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`)
		add("aws:iam/role:Role", fmt.Sprint("r", i), fmt.Sprintf(`"name": "role-%d", "assumeRolePolicy": %s`, i, trust), fmt.Sprintf(`, "arn": "arn:aws:iam::111122223333:role/role-%d"`, i))
		add("aws:iam/rolePolicy:RolePolicy", fmt.Sprint("p", i), fmt.Sprintf(`"role": "role-%d", "policy": %s`, i,
			document(`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"`+table+`"},{"Effect":"Allow","Action":"logs:*","Resource":"*"}`)), "")
		add("aws:iam/policy:Policy", fmt.Sprint("m", i), fmt.Sprintf(`"name": "policy-%d", "policy": %s`, i,
			document(`{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"`+table+`*"}`)), fmt.Sprintf(`, "arn": "arn:aws:iam::111122223333:policy/policy-%d"`, i))
		add("aws:iam/rolePolicyAttachment:RolePolicyAttachment", fmt.Sprint("a", i), fmt.Sprintf(`"role": "role-%d", "policyArn": "arn:aws:iam::111122223333:policy/policy-%d"`, i, i), "")
	}
	for i := 2 + n/10*5; i < n; i++ {
		add("aws:cloudwatch/metricAlarm:MetricAlarm", fmt.Sprint("x", i), fmt.Sprintf(`"name": "alarm-%d", "metricName": "Errors", "alarmDescription": "%s"`, i, strings.Repeat("x", 300)), "")
	}
	_, _ = io.WriteString(w, `]}}`)
}

// TestCheckIsLinear: ten times the resources take ten times the memory, as far as that is allocated, and so the time.
func TestCheckIsLinear(t *testing.T) {
	p := aProgram(t, nil)
	var per [2]float64
	for i, n := range []int{1000, 10000} {
		var state bytes.Buffer
		writeLargeState(&state, n)
		if err := os.WriteFile("state.json", state.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := p.check(t, "", "state.json")
		runtime.ReadMemStats(&after)
		if want := fmt.Sprintf("\n%d mandatory findings, 0 advisory\n", n/100); got.code != 1 || !strings.HasSuffix(got.stdout, want) {
			t.Fatalf("exit code %d: %s%s", got.code, got.stdout[max(0, len(got.stdout)-200):], got.stderr)
		}
		per[i] = float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
	}
	if per[1] > 1.2*per[0] || per[1] > 40<<10 {
		t.Errorf("%.0f bytes are allocated for each of 1,000 resources, and %.0f for each of 10,000", per[0], per[1])
	}
}

// BenchmarkCheck judges a state of 10,000 resources, and one of ten times as many. It reports the most memory that was in use.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.Chdir(b.TempDir())
			file, err := os.Create("state.json")
			if err != nil {
				b.Fatal(err)
			}
			writeLargeState(file, n)
			if err := file.Close(); err != nil {
				b.Fatal(err)
			}
			p := program{version: "1.2.3", policies: policies.All(), system: index.Machine{Getenv: func(string) string { return "" }}, now: time.Now}
			for b.Loop() {
				command := checkCommand(p)
				command.SetOut(io.Discard)
				command.SetErr(io.Discard)
				command.SetArgs([]string{"state.json"})
				command.SilenceUsage, command.SilenceErrors = true, true
				if code := end(command.ExecuteContext(b.Context()), io.Discard, ""); code != 1 {
					b.Fatalf("exit code %d", code)
				}
			}
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.HeapSys)/(1<<20), "MB-heap")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/resource")
		})
	}
}
