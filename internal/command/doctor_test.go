package command

import (
	"strings"
	"testing"
	"time"

	"dynamoguard/internal/record"
	"dynamoguard/policies"
)

const doctored = `{"version":3,"checkpoint":{"latest":{"resources":[{"urn":"urn:pulumi:prod::bank::aws:dynamodb/table:Table::items",` +
	`"type":"aws:dynamodb/table:Table","outputs":{"arn":"arn:aws:dynamodb:eu-west-1:111122223333:table/items"}}]}}}`

// TestDoctor: each golden file is all that a person sees, of a machine where all is well and of others where it is not.
func TestDoctor(t *testing.T) {
	const key = "AWS_ACCESS_KEY_ID=AKIAQYLPMN5HHHFPZAM2" // of account 052310077262
	// A run waits for other stacks, and no longer; a test waits for a busy machine.
	const patience = `"index":{"budgetSeconds":120}`
	for _, c := range []struct {
		golden    string
		files     map[string]string
		variables []string
		args      []string
	}{
		{"doctor-well.txt", map[string]string{
			"Pulumi.yaml": "name: \"shop\" # quoted\nruntime: yaml\n", ".pulumi/meta.yaml": "version: 1\n", ".pulumi/stacks/bank/prod.json": doctored,
			"configuration.json": `{"dynamoguard":{` + patience + `}}`,
		}, []string{key, "PULUMI_BACKEND_URL=file://~", "PULUMI_STACK=dev"}, []string{"--config", "configuration.json"}},
		{"doctor-configured.txt", map[string]string{
			"Pulumi.yaml": "name: shop\n", ".pulumi/meta.yaml": "version: 1\n", ".pulumi/stacks/bank/prod.json": doctored,
			".pulumi/stacks/shop/blue.json":      strings.NewReplacer("prod::bank", "blue::shop", "items", "carts").Replace(doctored),
			".pulumi/stacks/shop/other.json.zst": "",
			"configuration.json": `{"all":"advisory","iam-cross-environment-grant":"mandatory","s3-bucket-names":"mandatory","dynamoguard":{
` + patience + `,"accounts":[{"stacks":"acme/shop/*","account":"111122223333"}],"environments":[{"stacks":"shop/blue","environment":"prod"}]}}`,
		}, []string{"PULUMI_BACKEND_URL=file://~"}, []string{"--stack", "acme/shop/blue", "--config", "configuration.json"}},
		{"doctor-nothing.txt", map[string]string{"Pulumi.yaml": "name: shop\n"}, nil, []string{"--stack", "blue"}},
		{"doctor-secrets.txt", map[string]string{"Pulumi.yaml": "name: shop\n"}, []string{
			"AWS_ACCESS_KEY_ID=s3cr3t", "AWS_SECRET_ACCESS_KEY=s3cr3t", "PULUMI_ACCESS_TOKEN=s3cr3t", "PULUMI_STACK=acme/shop/prod",
			"PULUMI_BACKEND_URL=s3://user:s3cr3t@bucket?secret=s3cr3t",
		}, nil},
		{"doctor-nowhere.txt", nil, nil, nil},
		{"doctor-unselected.txt", map[string]string{"Pulumi.yaml": "name: shop\n"}, nil, nil},
		{"doctor-broken.txt", map[string]string{"Pulumi.yaml": "name: [s3cr3t"}, nil, nil},
		{"doctor-refused.txt", map[string]string{
			"Pulumi.yaml": "name: shop\n", "configuration.json": `{"table-encryption":{"minimumKey":"custmer"}}`,
		}, nil, []string{"--stack", "dev", "--config", "configuration.json"}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			p := aProgram(t, c.files, c.variables...)
			got := p.outcome(t.Context(), doctorCommand(p), c.args...)
			compare(t, c.golden, p.elsewhere(got))
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("a secret is shown:\n%s", got)
			}
		})
	}
}

// TestDoctorLastRun: the doctor tells of the last run of the stack, and of no other.
func TestDoctorLastRun(t *testing.T) {
	p := aProgram(t, map[string]string{"Pulumi.yaml": "name: shop\n"})
	for stack, at := range map[string]time.Time{"dev": noon, "prod": noon.Add(time.Hour)} {
		err := record.In(p.system.Cache).Save(&record.Record{
			Format: 1, Version: "1.2.2", Time: at, Project: "shop", Stack: stack, Ended: true, LeftOut: 1,
			Policies: []record.Policy{
				{Name: "table-encryption", Outcomes: map[string]int{"pass": 3, "fail": 1}},
				{Name: "iam-document", Outcomes: map[string]int{"fail": 1, "unknown": 2}},
			},
			Notices: []string{"first\x1b[2J", "second"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got := p.outcome(t.Context(), doctorCommand(p), "--stack", "dev")
	const want = `
The last run
  recorded      run of shop/dev at 2026-11-27 12:00:00 UTC, dynamoguard 1.2.2; 1 finding or gap
                beyond what a record has room for
  judgements    3 pass, 2 fail, 2 unknown
  notices       first\u001b[2J
                second

All in all
`
	if !strings.Contains(got, want) {
		t.Errorf("%s\nlacks\n%s", got, want)
	}
}

// TestNeeds: the policies that the doctor says judge by what is around a stack are there.
func TestNeeds(t *testing.T) {
	p := program{policies: policies.All()}
	for _, names := range [][]string{byOtherStacks, byEnvironment} {
		for _, name := range names {
			if p.named(name) == nil {
				t.Errorf("there is no policy %s", name)
			}
		}
	}
}
