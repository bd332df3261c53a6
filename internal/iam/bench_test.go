package iam

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// typical is a policy of 6 KB: statements on tables and their indexes, on other services, and some Denies.
func typical() string {
	var b strings.Builder
	b.WriteString(`{"Version":"2012-10-17","Statement":[`)
	for i := 0; b.Len() < 5800; i++ {
		n := strconv.Itoa(i)
		b.WriteString(`
  {
    "Sid": "Orders` + n + `",
    "Effect": "Allow",
    "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:PutItem"],
    "Resource": [
      "arn:aws:dynamodb:us-east-1:111122223333:table/orders-` + n + `",
      "arn:aws:dynamodb:us-east-1:111122223333:table/orders-` + n + `/index/*"
    ]
  },
  {
    "Sid": "Logs` + n + `",
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "dynamodb:Describe*"],
    "Resource": ["*", "arn:aws:logs:*:*:log-group:/aws/lambda/orders-` + n + `:*"]
  },
  {
    "Effect": "Deny",
    "Action": "dynamodb:Delete*",
    "Resource": "arn:aws:dynamodb:*:*:table/prod-` + n + `-*"
  },`)
	}
	b.WriteString(`{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/prod-*"}]}`)
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	text := typical()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(text, Identity)
	}
}

func BenchmarkParseAndJudge(b *testing.B) {
	text := typical()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		d := Parse(text, Identity)
		d.WildcardActions(WildcardOptions{})
		d.UnscopedResources(UnscopedOptions{})
	}
}

func BenchmarkMatchActions(b *testing.B) {
	for _, pattern := range []string{"dynamodb:GetItem", "dynamodb:Get*", "dynamodb:*Item*", "dynamodb:*", "s3:GetObject"} {
		b.Run(pattern, func(b *testing.B) {
			for b.Loop() {
				MatchActions(pattern)
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, text := range hostile(1 << 20) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				d := Parse(text, Identity)
				d.WildcardActions(WildcardOptions{})
				d.UnscopedResources(UnscopedOptions{})
				d.ItemConditions(time.Time{})
				d.SensitiveActions()
				NewGrants([]*Document{d}, []*Document{d})
			}
		})
	}
}
