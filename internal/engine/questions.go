package engine

import "parley/internal/wire"

// question is how a question's answer is read: answer is the kind of its
// envelope, read decodes its body and returns the call of the done function.
type question struct {
	answer wire.BodyKind
	read   func(body []byte) (tell func(), err error)
}

// Explain asks the server what became of a message. It needs a session and no
// room, and is asked again after a cut.
func (c *Client) Explain(m wire.Explain, done func(*wire.Explained, error)) {
	if done == nil {
		return
	}
	c.inquire(wire.IsExplain, &m, question{wire.IsExplained, func(body []byte) (func(), error) {
		answer := new(wire.Explained)
		return func() { done(answer, nil) }, answer.Decode(body)
	}}, func(err error) { done(nil, err) })
}

// Diagnose asks the server why a user would not receive what this session
// sends, before anything is sent. It is a question like Explain.
func (c *Client) Diagnose(m wire.Diagnose, done func(*wire.Diagnosed, error)) {
	if done == nil {
		return
	}
	c.inquire(wire.IsDiagnose, &m, question{wire.IsDiagnosed, func(body []byte) (func(), error) {
		answer := new(wire.Diagnosed)
		return func() { done(answer, nil) }, answer.Decode(body)
	}}, func(err error) { done(nil, err) })
}

func (c *Client) inquire(kind wire.BodyKind, body wire.Body, q question, failed func(error)) {
	c.mu.Lock()
	defer c.unlockLater()
	if err := c.ask(&request{kind: kind, question: q, done: failed}, body); err != nil {
		c.tellDone(func() { failed(err) })
	}
}

// onAnswer takes the answer to a question.
func (c *Client) onAnswer(e wire.Envelope) error {
	r := c.find(e.ID)
	if r == nil {
		return nil
	}
	if r.question.answer != e.Kind {
		return wrongAnswer("the answer to another question")
	}
	tell, err := r.question.read(e.Body)
	if err != nil {
		return err
	}
	c.remove(r)
	c.tellDone(tell)
	return nil
}
