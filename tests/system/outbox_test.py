"""Statuses are heard: by a listener that is down, that says no, that never answers, that answers another message, and across a restart."""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import END, START, DeadPort, Listener, Node, acknowledgement, field, referral, therapist, wait_for  # noqa: E402


class Outbox(unittest.TestCase):
    def node(self, listener_port, therapists=(therapist(),), **settings):
        node = Node(senders=[{"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{listener_port}"}], **settings)
        node.__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        node.start()
        if therapists:
            node.import_therapists(*therapists)
        return node

    def refer_and_accept(self, node, referral_id):
        with node.connect() as sender:
            self.assertEqual(field(sender.ask(referral(referral_id=referral_id)), "MSA", 1), "AA")
        offer = wait_for(node.offers)[0]
        node.ctl("offer", "accept", f"R{offer['referral']}", "--therapist", offer["therapist"])
        return f"R{offer['referral']}"

    def heard_ids(self, listener):
        return [field(message, "MSH", 10) for message in listener.heard]

    def test_a_listener_that_is_down_hears_later(self):
        dead = DeadPort()
        node = self.node(dead.port)
        self.refer_and_accept(node, "R-DOWN")
        wait_for(lambda: (node.metric("fascia_outbox_retried_total") or 0) >= 1)
        later = dead.revive()
        self.addCleanup(later.close)
        wait_for(lambda: len(later.heard) >= 2)
        wait_for(lambda: node.ctl("outbox", "list").get("outbox", []) == [])

    def test_it_is_heard_after_a_restart(self):
        dead = DeadPort()
        node = self.node(dead.port)
        self.refer_and_accept(node, "R-RESTART")
        wait_for(lambda: (node.metric("fascia_outbox_retried_total") or 0) >= 1)
        node.kill()
        later = dead.revive()
        self.addCleanup(later.close)
        node.start()
        wait_for(lambda: len(later.heard) >= 2)
        self.assertIn("R-RESTART", field(later.heard[0], "RF1", 6))

    def test_a_no_is_tried_again_and_order_is_kept(self):
        answers = {"count": 0}

        def refuse_twice(message):
            answers["count"] += 1
            return acknowledgement(message, "AE" if answers["count"] <= 2 else "AA")
        listener = Listener(answer=refuse_twice)
        self.addCleanup(listener.close)
        node = self.node(listener.port)
        self.refer_and_accept(node, "R-NO")
        wait_for(lambda: len(listener.heard) >= 4)
        ids = self.heard_ids(listener)
        # The first one three times with the same id, and only then the second.
        self.assertEqual(len(set(ids[:3])), 1, ids)
        self.assertNotEqual(ids[2], ids[3])

    def test_silence_is_tried_again(self):
        silent = {"count": 0}

        def answer(message):
            silent["count"] += 1
            return None if silent["count"] == 1 else acknowledgement(message, "AA")
        listener = Listener(answer=answer)
        self.addCleanup(listener.close)
        node = self.node(listener.port, delivery="  answer_timeout: 1s")
        self.refer_and_accept(node, "R-SILENT")
        wait_for(lambda: len(listener.heard) >= 3)
        ids = self.heard_ids(listener)
        self.assertEqual(ids[0], ids[1])

    def test_an_answer_to_another_message_is_not_taken(self):
        wrong = {"count": 0}

        def answer(message):
            wrong["count"] += 1
            if wrong["count"] == 1:
                return acknowledgement(message.replace(field(message, "MSH", 10), "SOMETHING-ELSE"), "AA")
            return acknowledgement(message, "AA")
        listener = Listener(answer=answer)
        self.addCleanup(listener.close)
        node = self.node(listener.port, delivery="  answer_timeout: 1s")
        self.refer_and_accept(node, "R-WRONG")
        wait_for(lambda: len(listener.heard) >= 3)
        self.assertEqual(self.heard_ids(listener)[0], self.heard_ids(listener)[1])

    def test_a_final_no_is_given_up_and_can_be_retried(self):
        answers = {"code": "AR"}
        listener = Listener(answer=lambda message: acknowledgement(message, answers["code"]))
        self.addCleanup(listener.close)
        node = self.node(listener.port, delivery="  refusals: 3")
        self.refer_and_accept(node, "R-AR")
        wait_for(lambda: len(node.ctl("outbox", "list", "--given-up").get("outbox", [])) >= 2)
        answers["code"] = "AA"
        heard = len(listener.heard)
        node.ctl("outbox", "retry")
        wait_for(lambda: len(listener.heard) >= heard + 2)
        wait_for(lambda: node.ctl("outbox", "list", "--given-up").get("outbox", []) == [])

    def test_one_dead_listener_holds_up_nobody_else(self):
        dead = DeadPort()
        self.addCleanup(dead.socket.close)
        alive = Listener()
        self.addCleanup(alive.close)
        node = Node(senders=[{"application": "DEAD_EHR", "status_to": f"127.0.0.1:{dead.port}"},
                             {"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{alive.port}"}])
        node.__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        node.start()
        node.import_therapists(therapist())
        with node.connect() as sender:
            for application in ("DEAD_EHR", "BLUEGRASS_EHR"):
                self.assertEqual(field(sender.ask(referral(application=application)), "MSA", 1), "AA")
        for offer in wait_for(lambda: len(node.offers()) == 2 and node.offers()):
            node.ctl("offer", "accept", f"R{offer['referral']}", "--therapist", offer["therapist"])
        started = time.monotonic()
        wait_for(lambda: len(alive.heard) >= 2)
        self.assertLess(time.monotonic() - started, 15)

    def test_a_listener_that_hangs_up_after_each_answer_costs_no_attempt(self):
        class HangsUp(Listener):
            def _serve(self, connection):
                buffer = b""
                with connection:
                    while END not in buffer:
                        piece = connection.recv(65536)
                        if not piece:
                            return
                        buffer += piece
                    message = buffer.split(END, 1)[0][1:].decode("utf-8", "replace")
                    self.heard.append(message)
                    connection.sendall(START + acknowledgement(message, "AA").encode() + END)

        listener = HangsUp()
        self.addCleanup(listener.close)
        node = self.node(listener.port, therapists=(), delivery="  answer_timeout: 60s")  # all are told that they wait
        with node.connect() as sender:
            for number in range(10):
                self.assertEqual(field(sender.ask(referral(patient=f"MRN-{number}")), "MSA", 1), "AA")
        wait_for(lambda: len(set(self.heard_ids(listener))) >= 10)
        wait_for(lambda: node.ctl("outbox", "list").get("outbox", []) == [])
        self.assertEqual(node.metric("fascia_outbox_retried_total"), 0)

    def test_more_than_fits_in_memory_waits_in_the_store_and_comes_in_order(self):
        dead = DeadPort()
        node = self.node(dead.port, therapists=())
        referrals = 800  # 512 statuses wait in memory for one endpoint
        with node.connect() as sender:
            for number in range(referrals):
                sender.send(referral(patient=f"MRN-{number}"))
            for number in range(referrals):
                self.assertEqual(field(sender.receive(), "MSA", 1), "AA")
        wait_for(lambda: node.metric("fascia_outbox_in_hand") == 512)
        later = dead.revive()
        self.addCleanup(later.close)
        wait_for(lambda: len(node.ctl("outbox", "list").get("outbox", [])) == 0, 120, every=0.5)
        self.assertEqual(len(set(self.heard_ids(later))), referrals, "a status was forgotten")
        self.assertEqual(len(later.heard), referrals, "heard twice without need")
        heard = [int(field(message, "RF1", 6).split("^")[0].rsplit("-", 1)[1]) for message in later.heard]
        self.assertEqual(heard, sorted(heard), "one overtook another")


if __name__ == "__main__":
    unittest.main()
