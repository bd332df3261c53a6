//go:build unix

package provider

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// A step is a call of a recorded session.
type step struct {
	name    string
	method  string
	request proto.Message
	answer  proto.Message // of the right type
}

// steps are the calls of a session as the engine makes them: one of every kind, and several of those that are read. Every request has
// a field that this version of the protocol does not know.
func steps(t *testing.T, folder string) []step {
	object := func(members map[string]any) *structpb.Struct {
		s, err := structpb.NewStruct(members)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	table := object(map[string]any{
		"name": "orders", "arn": unknown, "streamEnabled": true, "streamArn": secretOf(unknown), "hashKey": "pk", "tags": unknown,
		"ttl": nil, "replicas": []any{map[string]any{"arn": unknown}},
	})
	role := object(map[string]any{"name": "reader", "arn": "", "path": "/", "assumeRolePolicy": unknown})
	const oldURN = tableURN + "-old"
	const roleURN = "urn:pulumi:dev::shop::aws:iam/role:Role::reader"
	const trigger = "urn:pulumi:dev::shop::aws:glue/trigger:Trigger::nightly"
	urn := "urn:pulumi:dev::shop::pulumi:providers:aws::main"
	all := []step{
		{"handshake", "Handshake", &pulumirpc.ProviderHandshakeRequest{
			EngineAddress: "127.0.0.1:1", RootDirectory: &folder, ProgramDirectory: &folder, ConfigureWithUrn: true,
		}, &pulumirpc.ProviderHandshakeResponse{}},
		{"attached", "Handshake", &pulumirpc.ProviderHandshakeRequest{EngineAddress: "127.0.0.1:1"}, &pulumirpc.ProviderHandshakeResponse{}},
		{"version", "GetPluginInfo", &emptypb.Empty{}, &pulumirpc.PluginInfo{}},
		{"mapping", "GetMappings", &pulumirpc.GetMappingsRequest{Key: "terraform"}, &pulumirpc.GetMappingsResponse{}},
		{"check config", "CheckConfig", &pulumirpc.CheckRequest{Urn: urn, News: object(map[string]any{"region": "eu-west-1"})}, &pulumirpc.CheckResponse{}},
		{"configure", "Configure", &pulumirpc.ConfigureRequest{Urn: &urn, Args: object(map[string]any{"region": "eu-west-1"})}, &pulumirpc.ConfigureResponse{}},
		{"check", "Check", &pulumirpc.CheckRequest{Urn: tableURN, News: table}, &pulumirpc.CheckResponse{}},
		{"create a trigger", "Create", &pulumirpc.CreateRequest{Urn: trigger, Properties: object(map[string]any{"arn": unknown}), Preview: true}, &pulumirpc.CreateResponse{}},
		{"create a table", "Create", &pulumirpc.CreateRequest{Urn: tableURN, Properties: table, Preview: true}, &pulumirpc.CreateResponse{}},
		{"create a role", "Create", &pulumirpc.CreateRequest{Urn: roleURN, Properties: role, Preview: true}, &pulumirpc.CreateResponse{}},
		{"create a table for good", "Create", &pulumirpc.CreateRequest{Urn: tableURN, Properties: table}, &pulumirpc.CreateResponse{}},
		{"fail to create", "Create", &pulumirpc.CreateRequest{Urn: tableURN, Properties: object(map[string]any{"fail": true}), Preview: true}, &pulumirpc.CreateResponse{}},
		{"diff", "Diff", &pulumirpc.DiffRequest{Id: "orders", Urn: tableURN, News: table}, &pulumirpc.DiffResponse{}},
		{"update", "Update", &pulumirpc.UpdateRequest{Id: "orders", Urn: oldURN, News: table, Preview: true}, &pulumirpc.UpdateResponse{}},
		{"update what is known", "Update", &pulumirpc.UpdateRequest{Id: "orders", Urn: oldURN, News: object(map[string]any{"name": "orders", "arn": "arn:old"}), Preview: true}, &pulumirpc.UpdateResponse{}},
		{"update for good", "Update", &pulumirpc.UpdateRequest{Id: "orders", Urn: oldURN, News: table}, &pulumirpc.UpdateResponse{}},
		{"compute", "Invoke", &pulumirpc.InvokeRequest{Tok: "aws:iam/getPolicyDocument:getPolicyDocument", Args: object(map[string]any{"a": tableARN}), Preview: true}, &pulumirpc.InvokeResponse{}},
		{"look up", "Invoke", &pulumirpc.InvokeRequest{Tok: "aws:dynamodb/getTable:getTable", Args: object(map[string]any{"name": "elsewhere"}), Preview: true}, &pulumirpc.InvokeResponse{}},
		{"call", "Call", &pulumirpc.CallRequest{Tok: "aws:x:y", Args: object(map[string]any{"a": tableARN})}, &pulumirpc.CallResponse{}},
		{"read", "Read", &pulumirpc.ReadRequest{Id: "elsewhere", Urn: tableURN}, &pulumirpc.ReadResponse{}},
		{"construct", "Construct", &pulumirpc.ConstructRequest{Type: "aws:x:Y"}, &pulumirpc.ConstructResponse{}},
		{"delete", "Delete", &pulumirpc.DeleteRequest{Id: "old", Urn: trigger, Properties: table}, &emptypb.Empty{}},
		{"read what would be created", "Read", &pulumirpc.ReadRequest{Id: "orders", Urn: tableURN}, &pulumirpc.ReadResponse{}},
		{"cancel", "Cancel", &emptypb.Empty{}, &emptypb.Empty{}},
	}
	for _, s := range all {
		s.request.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 9999, protowire.VarintType), 7))
	}
	return all
}

func secretOf(v any) any {
	return map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": v}
}

// stamp is where a stream's label stands that was made up.
var stamp = regexp.MustCompile(`/stream/[^"]+`)

// An exchange is a call as one side saw it, in bytes; there is no answer where it failed.
type exchange struct{ kind, request, answer string }

// exchanges reads what a recorder wrote of calls one after the other.
func exchanges(t *testing.T, path, request string) (all []exchange) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ") // nothing where a message is empty
		if f[0] == request {
			all = append(all, exchange{kind: f[1], request: f[2]})
		} else {
			all[len(all)-1].answer = f[2]
		}
	}
	return all
}

// TestRecorded holds a session through a forwarder to the same session without: nothing differs but what is listed here, and what does
// not differ is passed on byte for byte.
func TestRecorded(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	var results [2][]string // by program and step: what the engine gets, in JSON
	var engine, provider string
	for i, program := range []string{p.provider(), p.forwarder()} {
		folder := t.TempDir()
		engine, provider = filepath.Join(folder, "engine"), filepath.Join(folder, "provider")
		r := p.launch(t, program, fakeRecord+"="+provider)
		r.dial(t, grpc.WithDefaultCallOptions(grpc.ForceCodecV2(record(engine))))
		for _, s := range steps(t, filepath.Dir(program)) {
			var header, trailer metadata.MD
			err := r.connection.Invoke(t.Context(), "/pulumirpc.ResourceProvider/"+s.method, s.request, s.answer,
				grpc.Header(&header), grpc.Trailer(&trailer))
			results[i] = append(results[i], result(t, s.answer, err, header, trailer))
		}
	}

	var got []string
	for i, s := range steps(t, "") {
		got = append(got, differences(t, s.name+", answer", results[0][i], results[1][i])...)
	}
	// What the engine sent and got through the forwarder, and what the provider got and sent.
	theirs := exchanges(t, provider, "received")
	for i, ours := range exchanges(t, engine, "sent") {
		s := steps(t, "")[i]
		if s.name == "read what would be created" {
			continue // it is not passed on: what follows would be out of step
		}
		for len(theirs) > 0 && theirs[0].kind != ours.kind { // the forwarder's own
			own := decoded(t, &pulumirpc.InvokeRequest{}, theirs[0].request)
			got = append(got, s.name+", asked besides: "+own)
			theirs = theirs[1:]
		}
		if ours.request != theirs[0].request {
			for _, d := range differences(t, s.name+", request", decoded(t, s.request, ours.request), decoded(t, s.request, theirs[0].request)) {
				got = append(got, strings.NewReplacer(p.home, "HOME", p.overlay, "OVERLAY").Replace(d))
			}
		}
		if same := results[0][i] == results[1][i]; same && ours.answer != theirs[0].answer {
			t.Errorf("%s: the answer was encoded anew", s.name)
		}
		theirs = theirs[1:]
	}
	if len(theirs) > 0 {
		t.Errorf("the provider was asked %d times more", len(theirs))
	}
	want := []string{
		`create a table, answer: answer.id: null -> "orders"`,
		`create a table, answer: answer.properties.arn: "` + unknown + `" -> "` + tableARN + `"`,
		`create a table, answer: answer.properties.streamArn.value: "` + unknown + `" -> "` + tableARN + `/stream/STAMP"`,
		`create a role, answer: answer.id: null -> "reader"`,
		`update, answer: answer.properties.arn: "` + unknown + `" -> "` + tableARN + `"`,
		`update, answer: answer.properties.streamArn.value: "` + unknown + `" -> "` + tableARN + `/stream/STAMP"`,
		`read what would be created, answer: answer.properties.read: true -> null`,
		`handshake, request: programDirectory: "OVERLAY/plugins/` + awsFolder + `" -> "HOME/plugins/` + awsFolder + `"`,
		`handshake, request: rootDirectory: "OVERLAY/plugins/` + awsFolder + `" -> "HOME/plugins/` + awsFolder + `"`,
		`create a role, asked besides: {"args":{},"preview":true,"tok":"aws:index/getCallerIdentity:getCallerIdentity"}`,
	}
	for i := range got {
		got[i] = stamp.ReplaceAllString(got[i], "/stream/STAMP")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// result returns all that the engine gets of a call, as JSON.
func result(t *testing.T, answer proto.Message, failed error, header, trailer metadata.MD) string {
	t.Helper()
	s, _ := status.FromError(failed)
	text, err := json.Marshal(map[string]any{
		"answer": plainOf(t, answer), "status": plainOf(t, s.Proto()), "header": header, "trailer": trailer,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// decoded returns a message as JSON, by its bytes in hexadecimal.
func decoded(t *testing.T, kind proto.Message, bytes string) string {
	t.Helper()
	m := kind.ProtoReflect().New().Interface()
	b, err := hex.DecodeString(bytes)
	if err == nil {
		err = proto.Unmarshal(b, m)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(plainOf(t, m))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// plainOf returns a message as JSON has it, with the fields that the protocol does not know.
func plainOf(t *testing.T, m proto.Message) map[string]any {
	t.Helper()
	text, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	if b := m.ProtoReflect().GetUnknown(); len(b) > 0 && plain != nil {
		plain["not known"] = hex.EncodeToString(b)
	}
	return plain
}

// differences lists where two JSON texts differ.
func differences(t *testing.T, what, before, after string) (all []string) {
	t.Helper()
	var a, b any
	for text, v := range map[string]*any{before: &a, after: &b} {
		if err := json.Unmarshal([]byte(text), v); err != nil {
			t.Fatal(err)
		}
	}
	if before == after {
		return nil
	}
	var compare func(path string, a, b any)
	compare = func(path string, a, b any) {
		x, isX := a.(map[string]any)
		y, isY := b.(map[string]any)
		if !isX || !isY {
			if !cmp.Equal(a, b) {
				was, _ := json.Marshal(a)
				is, _ := json.Marshal(b)
				all = append(all, fmt.Sprintf("%s: %s: %s -> %s", what, strings.TrimPrefix(path, "."), was, is))
			}
			return
		}
		keys := slices.Collect(maps.Keys(x))
		for k := range y {
			if _, ok := x[k]; !ok {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			compare(path+"."+k, x[k], y[k])
		}
	}
	compare("", a, b)
	return all
}
