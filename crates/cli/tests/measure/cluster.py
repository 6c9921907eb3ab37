"""Starts three nodes on loopback and measures: cold start, a leader killed, a data node killed, a node stopped (SIGSTOP), a full restart.

Usage: python3 cluster.py BINARY ROUNDS FOLDER (which is emptied); ports 19220-19222 and 19310-19312.
"""
import json, os, re, signal, statistics, subprocess, sys, time, urllib.request, shutil
B=sys.argv[1]; ROUNDS=int(sys.argv[2]); ROOT=sys.argv[3]
shutil.rmtree(ROOT, ignore_errors=True); os.makedirs(ROOT)
S=",".join(f"127.0.0.1:1931{i}" for i in range(3))
procs=[None]*3
def start(i):
    log=open(f"{ROOT}/{i}.log","ab")
    procs[i]=subprocess.Popen([B,"serve","--name",f"n{i}","--data",f"{ROOT}/{i}","--http",f"127.0.0.1:1922{i}","--peer",f"127.0.0.1:1931{i}","--seeds",S,"--set","cluster.secret=pearl"],stdout=log,stderr=log)
def ask(i,method,path,body=None,timeout=5):
    r=urllib.request.Request(f"http://127.0.0.1:1922{i}{path}",method=method,data=json.dumps(body).encode() if body is not None else None,headers={"content-type":"application/json"})
    try:
        with urllib.request.urlopen(r,timeout=timeout) as a: return a.status, a.read()
    except urllib.error.HTTPError as e: return e.code, e.read()
    except Exception as e: return 0, str(e).encode()
def until(f,limit=60):
    t=time.time()
    while not f():
        if time.time()-t>limit: raise SystemExit("never")
        time.sleep(0.01)
    return time.time()-t
def up(i): return ask(i,"GET","/")[0]==200
def leader():
    best=(-1,None)
    for i in range(3):
        for m in re.finditer(r"is the elected cluster manager \(term (\d+)\)",open(f"{ROOT}/{i}.log").read()):
            if int(m.group(1))>best[0]: best=(int(m.group(1)),i)
    return best[1]
t=time.time(); [start(i) for i in range(3)]; until(lambda: all(up(i) for i in range(3))); print("cold start of three, empty, to all answering: %.2f s"%(time.time()-t))
ask(0,"PUT","/_cluster/settings",{"persistent":{"cluster.routing.allocation.disk.threshold_enabled":False}})
print(ask(0,"PUT","/books",{"settings":{"number_of_shards":6,"number_of_replicas":0}},30))
lost=[];gone=[];back=[]
for r in range(ROUNDS):
    l=leader(); others=[i for i in range(3) if i!=l]; o=others[0]
    procs[l].kill(); procs[l].wait(); t=time.time()
    until(lambda: ask(o,"PUT",f"/_cluster/settings",{"persistent":{"cluster.routing.allocation.disk.watermark.low":f"{50+r%40}%"}},30)[0]==200)
    lost.append(time.time()-t)
    time.sleep(0.5); t=time.time(); start(l); until(lambda: up(l)); back.append(time.time()-t)
    time.sleep(1.0)
print("leader killed, until a change through another node is done: median %.2f s, worst %.2f s of %d"%(statistics.median(lost),max(lost),ROUNDS), ["%.2f"%x for x in lost])
print("killed node back and answering: median %.2f s, worst %.2f"%(statistics.median(back),max(back)))
def follower():
    l=leader(); return [i for i in range(3) if i!=l][0]
def red(i):
    s,b=ask(i,"GET","/_cat/shards?h=state"); return b"UNASSIGNED" in b
def clean(i): return not red(i)
d=[]
for r in range(5):
    l=leader(); f=follower(); until(lambda: clean(l))
    procs[f].kill(); procs[f].wait(); t=time.time(); until(lambda: red(l)); d.append(time.time()-t)
    start(f); until(lambda: up(f)); until(lambda: clean(l))
print("data node killed, until its shards are reported: median %.2f s, worst %.2f"%(statistics.median(d),max(d)))
d=[];h=[]
for r in range(5):
    l=leader(); f=follower(); until(lambda: clean(l))
    procs[f].send_signal(signal.SIGSTOP); t=time.time(); until(lambda: red(l)); d.append(time.time()-t)
    procs[f].send_signal(signal.SIGCONT); t=time.time(); until(lambda: clean(l)); h.append(time.time()-t)
print("data node stopped (SIGSTOP), until its shards are reported: median %.2f s, worst %.2f; continued, until they are back: median %.2f s"%(statistics.median(d),max(d),statistics.median(h)))
d=[]
for r in range(3):
    for p in procs: p.kill(); p.wait()
    t=time.time(); [start(i) for i in range(3)]; until(lambda: all(up(i) for i in range(3))); until(lambda: clean(0)); d.append(time.time()-t)
print("all killed and started again, until all shards are back: median %.2f s, worst %.2f"%(statistics.median(d),max(d)))
for i in range(3):
    print("rss", [l for l in open(f"/proc/{procs[i].pid}/status") if l.startswith("VmRSS")][0].split()[1:3])
for p in procs: p.kill()
