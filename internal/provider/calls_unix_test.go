//go:build unix

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/session"
)

// shown returns an answer's id and properties as one line of JSON.
func shown(t *testing.T, a *pulumirpc.CreateResponse) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"id": a.GetId(), "properties": a.GetProperties().AsMap()})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPlace: the provider says where it works, whichever it is, and where it does not, that is told once and what needs it is not
// foreseen.
func TestPlace(t *testing.T) {
	const nativeURN = "urn:pulumi:dev::shop::aws-native:dynamodb:Table::orders"
	const roleURN = "urn:pulumi:dev::shop::aws:iam/role:Role::reader"
	region := object("region", "eu-west-1")
	caller := func(account string) string {
		return `{"aws:index/getCallerIdentity:getCallerIdentity":` + account + `,"aws:index/getRegion:getRegion":{"name":"us-gov-west-1","id":"us-gov-west-1"}}`
	}
	const me = `{"accountId":"111122223333","arn":"arn:aws-us-gov:sts::111122223333:assumed-role/ci/me"}`
	table := map[string]any{"name": "orders", "arn": unknown}
	const nothing = `{"id":"","properties":{"arn":"` + unknown + `","name":"orders"}}`
	for _, c := range []struct {
		name       string
		folder     string // of the plugin; aws where it is empty
		caller     string
		configured *pulumirpc.ConfigureRequest
		urn        string
		properties map[string]any
		want       string
		notes      []string
	}{
		{
			name: "configured", caller: caller(me), configured: &pulumirpc.ConfigureRequest{Args: region}, urn: tableURN, properties: table,
			want: `{"id":"orders","properties":{"arn":"arn:aws-us-gov:dynamodb:eu-west-1:111122223333:table/orders","name":"orders"}}`,
		},
		{
			name: "configured by variables", caller: caller(me), urn: tableURN, properties: table,
			//lint:ignore SA1019 that is what engines gave before there were arguments
			configured: &pulumirpc.ConfigureRequest{Variables: map[string]string{"aws:config:region": "eu-west-1"}},
			want:       `{"id":"orders","properties":{"arn":"arn:aws-us-gov:dynamodb:eu-west-1:111122223333:table/orders","name":"orders"}}`,
		},
		{
			name: "a region of its own", caller: caller(me), configured: &pulumirpc.ConfigureRequest{Args: region}, urn: tableURN,
			properties: map[string]any{"name": "orders", "arn": unknown, "region": "us-gov-east-1"},
			want:       `{"id":"orders","properties":{"arn":"arn:aws-us-gov:dynamodb:us-gov-east-1:111122223333:table/orders","name":"orders","region":"us-gov-east-1"}}`,
		},
		{
			name: "not configured", caller: caller(me), configured: &pulumirpc.ConfigureRequest{}, urn: tableURN, properties: table,
			want: `{"id":"orders","properties":{"arn":"arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/orders","name":"orders"}}`,
		},
		{
			name: "a secret region", caller: caller(me), urn: tableURN, properties: table,
			configured: &pulumirpc.ConfigureRequest{Args: object("region", secretOf("eu-west-1"))},
			want:       `{"id":"orders","properties":{"arn":"` + unknown + `","name":"orders"}}`,
			notes:      []string{"nothing that is in a region is foreseen of what the provider resource-aws-v7.1.0 creates, since its region is not known: it is a secret"},
		},
		{
			name: "no region", caller: `{"aws:index/getCallerIdentity:getCallerIdentity":` + me + `}`,
			configured: &pulumirpc.ConfigureRequest{}, urn: roleURN, properties: map[string]any{"name": "reader", "arn": unknown, "path": "/"},
			want:  `{"id":"reader","properties":{"arn":"arn:aws-us-gov:iam::111122223333:role/reader","name":"reader","path":"/"}}`,
			notes: []string{"nothing that is in a region is foreseen of what the provider resource-aws-v7.1.0 creates, since its region is not known: aws:index/getRegion:getRegion: ExpiredToken"},
		},
		{
			name: "the account is refused", caller: `{}`, configured: &pulumirpc.ConfigureRequest{Args: region}, urn: tableURN, properties: table,
			want:  nothing,
			notes: []string{"nothing is foreseen of what the provider resource-aws-v7.1.0 creates, since it does not say where: aws:index/getCallerIdentity:getCallerIdentity: ExpiredToken"},
		},
		{
			name: "no account", caller: caller(`{"accountId":""}`), configured: &pulumirpc.ConfigureRequest{Args: region}, urn: tableURN, properties: table,
			want:  nothing,
			notes: []string{"nothing is foreseen of what the provider resource-aws-v7.1.0 creates, since it does not say where: aws:index/getCallerIdentity:getCallerIdentity returns no account"},
		},
		{
			name: "aws-native", folder: nativeFolder,
			caller:     `{"aws-native:index:getAccountId":{"accountId":"111122223333"},"aws-native:index:getPartition":{"partition":"aws-cn"},"aws-native:index:getRegion":{"region":"cn-north-1"}}`,
			configured: &pulumirpc.ConfigureRequest{}, urn: nativeURN, properties: map[string]any{"tableName": "orders", "arn": unknown},
			want: `{"id":"orders","properties":{"arn":"arn:aws-cn:dynamodb:cn-north-1:111122223333:table/orders","tableName":"orders"}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder, executable := awsFolder, aws
			if c.folder != "" {
				folder, executable = c.folder, native
			}
			p := newPreview(t, folder, executable)
			r := p.start(t, p.overlay+"/plugins/"+folder+"/"+executable, fakeCaller+"="+c.caller)
			if _, err := r.Configure(t.Context(), c.configured); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if got := shown(t, create(t, r, c.urn, c.properties)); got != c.want {
					t.Errorf("%s\nwant %s", got, c.want)
				}
			}
			if diff := cmp.Diff(c.notes, p.state.Notes()); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAskedOnce: however many resources are created at once, the provider is asked once where it works.
func TestAskedOnce(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	recorded := t.TempDir() + "/provider"
	r := p.start(t, p.forwarder(), fakeRecord+"="+recorded)
	configure(t, r)
	var all sync.WaitGroup
	var mu sync.Mutex
	var got []string
	for i := range 50 {
		all.Go(func() {
			name := fmt.Sprint("t", i)
			properties, err := structpb.NewStruct(map[string]any{"name": name, "arn": unknown})
			if err != nil {
				t.Error(err)
				return
			}
			a, err := r.Create(t.Context(), &pulumirpc.CreateRequest{Urn: tableURN + name, Properties: properties, Preview: true})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, a.GetProperties().GetFields()["arn"].GetStringValue())
		})
	}
	all.Wait()
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprint("arn:aws:dynamodb:eu-west-1:111122223333:table/t", i))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	asked := 0
	for _, e := range exchanges(t, recorded, "received") {
		if e.kind == "*pulumirpc.InvokeRequest" {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// TestIssued: the session is told what was foreseen, and of nothing else; what is left unforeseen and what is known stays as it is.
func TestIssued(t *testing.T) {
	const left, made = tableURN + "-left", "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs"
	p := newPreview(t, awsFolder, aws, left)
	r := p.start(t, p.forwarder())
	configure(t, r)
	const output = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	for _, c := range []struct {
		urn        string
		properties map[string]any
		want       string
	}{
		{left, map[string]any{"name": "left", "arn": unknown}, `{"id":"","properties":{"arn":"` + unknown + `","name":"left"}}`},
		{tableURN, map[string]any{"name": "orders", "arn": "arn:known"}, `{"id":"orders","properties":{"arn":"arn:known","name":"orders"}}`},
		{tableURN + "-secret", map[string]any{"name": secretOf("hush"), "arn": unknown},
			`{"id":"","properties":{"arn":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","value":"arn:aws:dynamodb:eu-west-1:111122223333:table/hush"},"name":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","value":"hush"}}}`},
		{tableURN + "-output", map[string]any{"name": "orders", "arn": map[string]any{
			"4dabf18193072939515e22adb298388d": output, "dependencies": []any{"urn:x"}, "secret": true}},
			`{"id":"orders","properties":{"arn":{"4dabf18193072939515e22adb298388d":"` + output + `","dependencies":["urn:x"],"secret":true,"value":"` + tableARN + `"},"name":"orders"}}`},
		{made, map[string]any{"name": "jobs-1a2b3c4.fifo", "arn": unknown}, // its URL, which is its id, is foreseen too
			`{"id":"https://sqs.eu-west-1.amazonaws.com/111122223333/jobs-1a2b3c4.fifo","properties":{"arn":"arn:aws:sqs:eu-west-1:111122223333:jobs-1a2b3c4.fifo","name":"jobs-1a2b3c4.fifo"}}`},
	} {
		if got := shown(t, create(t, r, c.urn, c.properties)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.urn, got, c.want)
		}
	}
	id := foresight.Value{Text: "orders"}
	want := []session.Issue{
		{URN: tableURN, Values: []foresight.Value{id}, Names: []string{"orders"}},
		{URN: tableURN + "-secret", Values: []foresight.Value{
			{Property: "arn", Text: "arn:aws:dynamodb:eu-west-1:111122223333:table/hush", Secret: true}}},
		{URN: tableURN + "-output", Values: []foresight.Value{id, {Property: "arn", Text: tableARN, Secret: true}}, Names: []string{"orders"}},
	}
	got := p.state.Issued()
	if diff := cmp.Diff(want, got[:len(got)-1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if last := got[len(got)-1]; last.URN != made || !last.Auto {
		t.Errorf("%+v, want a name that was made up", last)
	}
}

// TestAutomatic tells names that the engine made up from those that a program gives.
func TestAutomatic(t *testing.T) {
	for name, want := range map[string]bool{
		"orders-1a2b3c4": true, "orders-1a2b3c4.fifo": true, "orders": false, "orders-1a2b3c": false, "orders-1a2b3cg": false,
		"other-1a2b3c4": false, "orders-1a2b3c4-more": false, "alias/Orders-1a2b3c4": true, "all-orders-1a2b3c4": false,
	} {
		if got := automatic("Orders", []string{"x", name}); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestLookups: what names nothing that the run would create goes to AWS, and so does what only computes.
func TestLookups(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	r := p.start(t, p.forwarder())
	configure(t, r)
	create(t, r, tableURN, map[string]any{"name": "orders", "arn": unknown})
	for function, args := range map[string]map[string]any{
		"aws:iam/getPolicyDocument:getPolicyDocument": {"statements": []any{map[string]any{"resources": []any{tableARN}}}},
		"aws:dynamodb/getTable:getTable":              {"name": "orders-2"},
		"aws:ec2/getVpc:getVpc":                       {"tags": map[string]any{"Name": "orders"}},
	} {
		s, err := structpb.NewStruct(args)
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: function, Args: s, Preview: true})
		if err != nil || !strings.Contains(a.GetReturn().String(), "looked") {
			t.Errorf("%s: %v, %v", function, a, err)
		}
	}
	if n := len(p.state.Again()); n > 0 {
		t.Errorf("%d of them ask to start again", n)
	}
}

// TestNamesakes: what has the name of a resource that the run would create, and another type, is read where it exists.
func TestNamesakes(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	joined, err := session.Dial(p.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = joined.Close() }()
	if err := joined.Issue(session.Issue{URN: "urn:pulumi:dev::shop::aws:iam/role:Role::app", Names: []string{"app"}}); err != nil {
		t.Fatal(err)
	}
	f := newForwarder("aws", "", joined, session.May{StandIns: true})
	found := &pulumirpc.ReadResponse{Id: "app", Properties: object("arn", "arn:aws:iam::111122223333:instance-profile/app")}
	idOnly := &pulumirpc.ReadResponse{Id: "app", Properties: &structpb.Struct{}}
	for _, c := range []struct {
		typ            string
		provider, want *pulumirpc.ReadResponse // nil: it is not asked
		err            error
	}{
		{typ: "aws:iam/role:Role", want: idOnly},
		{typ: "aws:iam/instanceProfile:InstanceProfile", provider: found, want: found},
		{typ: "aws:iam/instanceProfile:InstanceProfile", provider: &pulumirpc.ReadResponse{}, want: idOnly},
		{typ: "aws:iam/instanceProfile:InstanceProfile", provider: found, err: errors.New("refused"), want: idOnly},
		{typ: "aws:s3/bucket:Bucket", provider: &pulumirpc.ReadResponse{}, want: &pulumirpc.ReadResponse{}},
	} {
		request, err := proto.Marshal(&pulumirpc.ReadRequest{Urn: "urn:pulumi:dev::shop::" + c.typ + "::app", Id: "app"})
		if err != nil {
			t.Fatal(err)
		}
		asked := false
		answer, err := f.readResource(t.Context(), request, func([]byte) ([]byte, error) {
			asked = true
			answer, err := proto.Marshal(c.provider)
			return answer, errors.Join(err, c.err)
		})
		var got pulumirpc.ReadResponse
		if err := errors.Join(err, proto.Unmarshal(answer, &got)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, &got, protocmp.Transform()); diff != "" || asked != (c.provider != nil) {
			t.Errorf("%s, asked: %v (-want +got):\n%s", c.typ, asked, diff)
		}
	}
}

// TestSessionEnds: once the session has ended, a lookup is not passed on, for nobody knows what it names, and nothing is filled in.
func TestSessionEnds(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	joined, err := session.Dial(p.socket)
	if err != nil {
		t.Fatal(err)
	}
	f := newForwarder("aws", "", joined, session.May{StandIns: true})
	f.place = func() (foresight.Place, error) {
		return foresight.Place{Partition: "aws", Account: "111122223333", Region: "us-east-1"}, nil
	}
	p.end()
	<-joined.Ended()
	for _, c := range []struct {
		read            reader
		request, answer proto.Message
		want            string
	}{
		{f.invoke, &pulumirpc.InvokeRequest{Tok: "aws:dynamodb/getTable:getTable", Args: object("name", "orders")}, nil,
			"rpc error: code = Unavailable desc = the foreseen preview has ended: connection is shut down"},
		{f.readResource, &pulumirpc.ReadRequest{Id: "orders"}, nil,
			"rpc error: code = Unavailable desc = the foreseen preview has ended: connection is shut down"},
		{f.create, &pulumirpc.CreateRequest{Urn: tableURN, Preview: true}, &pulumirpc.CreateResponse{Properties: object("name", "orders")}, ""},
	} {
		request, err := proto.Marshal(c.request)
		if err != nil {
			t.Fatal(err)
		}
		var provider []byte
		if c.answer != nil {
			if provider, err = proto.Marshal(c.answer); err != nil {
				t.Fatal(err)
			}
		}
		answer, err := c.read(t.Context(), request, func([]byte) ([]byte, error) {
			if c.answer == nil {
				t.Errorf("%T is passed on", c.request)
			}
			return provider, nil
		})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want || !bytes.Equal(answer, provider) {
			t.Errorf("%T: %v, %q", c.request, err, answer)
		}
	}
}

// TestGivenUp: a lookup that is held ends with its call.
func TestGivenUp(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	joined, err := session.Dial(p.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = joined.Close() }()
	if err := joined.Issue(session.Issue{URN: tableURN, Names: []string{"orders"}}); err != nil {
		t.Fatal(err)
	}
	request, err := proto.Marshal(&pulumirpc.InvokeRequest{Tok: "aws:dynamodb/getTable:getTable", Args: object("name", "orders")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = newForwarder("aws", "", joined, session.May{StandIns: true}).invoke(ctx, request, nil)
	want := "rpc error: code = Canceled desc = the preview starts again, since aws:dynamodb/getTable:getTable would look for " + tableURN + ", which it would only create"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestMalformed: what cannot be decoded is passed on as it is, both ways.
func TestMalformed(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	joined, err := session.Dial(p.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = joined.Close() }()
	malformed := []byte{0xff}
	preview, err := proto.Marshal(&pulumirpc.CreateRequest{Urn: tableURN, Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	for method, read := range newForwarder("aws", "", joined, session.May{StandIns: true}).read {
		for _, request := range [][]byte{malformed, preview} {
			if bytes.Equal(request, preview) && method != pulumirpc.ResourceProvider_Create_FullMethodName {
				continue
			}
			answer, err := read(t.Context(), request, func(passed []byte) ([]byte, error) {
				if !bytes.Equal(passed, request) {
					t.Errorf("%s: %x is passed on as %x", method, request, passed)
				}
				return malformed, nil
			})
			if !bytes.Equal(answer, malformed) || err != nil {
				t.Errorf("%s: %x, %v", method, answer, err)
			}
		}
	}
}
