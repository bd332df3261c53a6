package bench

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"dynamoguard/internal/iam"
)

// documents measures the judging of policy documents without a protocol, in
// the time of one processor, which nobody else's work takes away.
func documents(b *testing.B, t *table) {
	d := iam.Parse(threeStatements, iam.Identity)
	request := iam.Request{
		Action: "dynamodb:Query", Resource: "arn:aws:dynamodb:us-east-1:111122223333:table/orders/index/by-date",
		Principal: "arn:aws:iam::111122223333:user/alice", Identity: []*iam.Document{d},
	}
	if verdict := iam.Evaluate(request).Verdict; verdict != iam.Allowed {
		b.Fatalf("the request is %s", verdict)
	}
	large := sixKilobytes()
	if n := len(iam.Parse(large, iam.Identity).UnscopedResources(iam.UnscopedOptions{})); n != 1 {
		b.Fatalf("%d findings in the large document, want one", n)
	}
	t.add(row{
		what: "one IAM evaluation, on a parsed document of 3 statements", unit: seconds, limit: limit{absolute: 1.0 / 5_000_000},
		ours: processor(b, 200_000, func() { iam.Evaluate(request) }),
	})
	t.add(row{
		what: "a policy document of 6 KB, decoded and judged by its actions and resources", unit: seconds, limit: limit{absolute: 60e-6},
		ours: processor(b, 2_000, func() {
			d := iam.Parse(large, iam.Identity)
			d.WildcardActions(iam.WildcardOptions{})
			d.UnscopedResources(iam.UnscopedOptions{})
		}),
	})
}

// processor is what a call takes of the processor, in seconds, as the mean of n
// calls, several times. What the collector of garbage takes is in it.
func processor(b *testing.B, n int, call func()) (took []float64) {
	b.Helper()
	const rounds = 15
	used := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	for range rounds {
		start := used()
		for range n {
			call()
		}
		took = append(took, (used()-start).Seconds()/float64(n))
	}
	return took
}

const threeStatements = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": [
    "arn:aws:dynamodb:us-east-1:111122223333:table/orders", "arn:aws:dynamodb:us-east-1:111122223333:table/orders/index/*"]},
  {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/items"},
  {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/secret-*"}
]}`

// sixKilobytes is a document of statements on tables and their indexes, on
// other services, and of Denies, one of which is too wide.
func sixKilobytes() string {
	var s strings.Builder
	s.WriteString(`{"Version":"2012-10-17","Statement":[`)
	for i := 0; s.Len() < 5800; i++ {
		fmt.Fprintf(&s, `
  {
    "Sid": "Orders%[1]d",
    "Effect": "Allow",
    "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:PutItem"],
    "Resource": [
      "arn:aws:dynamodb:us-east-1:111122223333:table/orders-%[1]d",
      "arn:aws:dynamodb:us-east-1:111122223333:table/orders-%[1]d/index/*"
    ]
  },
  {
    "Sid": "Logs%[1]d",
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "dynamodb:Describe*"],
    "Resource": ["*", "arn:aws:logs:*:*:log-group:/aws/lambda/orders-%[1]d:*"]
  },
  {
    "Effect": "Deny",
    "Action": "dynamodb:Delete*",
    "Resource": "arn:aws:dynamodb:*:*:table/prod-%[1]d-*"
  },`, i)
	}
	s.WriteString(`{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/*"}]}`)
	return s.String()
}
