print("tgn")
