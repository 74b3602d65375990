// Render conversations with a template of a Modelfile, by Go's own text/template and with what Ollama hands it.
//
// In: {"template": TEXT, "conversations": [[{"role", "content", "thinking"}]]} on standard input.
// Out: {"texts": [TEXT]} or {"error": TEXT}.
//
// As Ollama does: neighbours of one role are joined by an empty line, a template without .Messages is executed once for
// each exchange with .System, .Prompt and .Response, and the last time is cut where .Response stands.
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"text/template"
	"text/template/parse"
)

type function struct {
	Name      string         `json:"name"`
	Arguments map[string]any `json:"arguments"`
}

type toolCall struct {
	Function function `json:"function"`
}

type message struct {
	Role      string     `json:"role"`
	Content   string     `json:"content"`
	Thinking  string     `json:"thinking"`
	ToolCalls []toolCall `json:"tool_calls"`
	ToolName  string     `json:"tool_name"`
	Images    [][]byte   `json:"images"`
}

type asked struct {
	Template      string      `json:"template"`
	Conversations [][]message `json:"conversations"`
}

var functions = template.FuncMap{
	"json": func(v any) string {
		found, _ := json.Marshal(v)
		return string(found)
	},
}

// names are the fields that a tree mentions, in small letters: messages, response.
func names(tree *parse.Tree) map[string]bool {
	found := map[string]bool{}
	walk(tree.Root, func(path []string) bool {
		for _, name := range path {
			found[strings.ToLower(name)] = true
		}
		return false
	})
	return found
}

// walk visits the fields and variables below a node until `visit` says that it has seen enough.
func walk(node parse.Node, visit func([]string) bool) bool {
	branch := func(one *parse.BranchNode) bool {
		return walk(one.Pipe, visit) || walk(one.List, visit) || (one.ElseList != nil && walk(one.ElseList, visit))
	}
	switch one := node.(type) {
	case *parse.FieldNode:
		return visit(one.Ident)
	case *parse.VariableNode:
		return visit(one.Ident)
	case *parse.ListNode:
		for _, each := range one.Nodes {
			if walk(each, visit) {
				return true
			}
		}
	case *parse.ActionNode:
		return walk(one.Pipe, visit)
	case *parse.PipeNode:
		for _, command := range one.Cmds {
			for _, each := range command.Args {
				if walk(each, visit) {
					return true
				}
			}
		}
	case *parse.IfNode:
		return branch(&one.BranchNode)
	case *parse.RangeNode:
		return branch(&one.BranchNode)
	case *parse.WithNode:
		return branch(&one.BranchNode)
	}
	return false
}

// collate joins neighbours of one role, and gathers what systems say.
func collate(messages []message) (string, []*message) {
	var system []string
	var found []*message
	for i := range messages {
		each := messages[i]
		if each.Role == "system" {
			system = append(system, each.Content)
		}
		if last := len(found) - 1; last >= 0 && found[last].Role == each.Role && each.Role != "tool" {
			found[last].Content += "\n\n" + each.Content
		} else {
			found = append(found, &each)
		}
	}
	return strings.Join(system, "\n\n"), found
}

// values are what every template gets besides.
func values(more map[string]any) map[string]any {
	more["Think"], more["IsThinkSet"] = false, false
	return more
}

func render(whole *template.Template, messages []message) (string, error) {
	var out bytes.Buffer
	system, said := collate(messages)
	if names(whole.Tree)["messages"] {
		err := whole.Execute(&out, values(map[string]any{"System": system, "Messages": said, "Tools": []any(nil), "Response": ""}))
		return out.String(), err
	}
	blank := func() map[string]any { return values(map[string]any{"System": "", "Prompt": "", "Response": ""}) }
	now := blank()
	flush := func() error {
		err := whole.Execute(&out, now)
		now = blank()
		return err
	}
	for _, each := range said {
		key := map[string]string{"system": "System", "user": "Prompt", "assistant": "Response"}[each.Role]
		due := (key == "System" && (now["Prompt"] != "" || now["Response"] != "")) || (key == "Prompt" && now["Response"] != "")
		if due {
			if err := flush(); err != nil {
				return "", err
			}
		}
		now[key] = each.Content
	}
	cut := cutAtResponse(whole)
	err := cut.Execute(&out, now)
	return out.String(), err
}

// cutAtResponse leaves out everything from the first node on that mentions .Response.
func cutAtResponse(whole *template.Template) *template.Template {
	root := whole.Tree.Root.CopyList()
	for i, node := range root.Nodes {
		if walk(node, func(path []string) bool { return path[0] == "Response" }) {
			root.Nodes = root.Nodes[:i]
			break
		}
	}
	tree := &parse.Tree{Root: root}
	return template.Must(template.New("").Funcs(functions).AddParseTree("", tree))
}

func main() {
	answer := func(value any) { json.NewEncoder(os.Stdout).Encode(value) }
	var in asked
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		answer(map[string]string{"error": err.Error()})
		return
	}
	whole, err := template.New("").Option("missingkey=zero").Funcs(functions).Parse(in.Template)
	if err != nil {
		answer(map[string]string{"error": err.Error()})
		return
	}
	if found := names(whole.Tree); !found["messages"] && !found["response"] {
		whole = template.Must(whole.Parse(in.Template + "{{ .Response }}"))
	}
	texts := []string{}
	for _, each := range in.Conversations {
		text, err := render(whole, each)
		if err != nil {
			answer(map[string]string{"error": err.Error()})
			return
		}
		texts = append(texts, text)
	}
	answer(map[string]any{"texts": texts})
}
